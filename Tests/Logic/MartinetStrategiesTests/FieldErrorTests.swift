import MartinetStrategies
import Testing

@Suite struct FieldErrorTests {
    @Test func sayTheFieldFirst() {
        #expect(FieldError(.required, "spec.replicas", "must be set").description == "spec.replicas: must be set")
    }
}
