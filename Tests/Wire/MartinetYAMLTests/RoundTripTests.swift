import Foundation
import MartinetYAML
import Testing

@Suite(.enabled(if: Shared.folder != nil, "the folder shared is not beside the clone"))
struct RoundTripTests {
    static let folder = "upstream-api/roundtrip"

    @Test func everyKindIsWrittenAsItWasRead() throws {
        let files = Shared.files(Self.folder, ending: "yaml")
        #expect(files.count == 185)
        for file in files {
            let bytes = try Shared.bytes(file)
            let documents = try YAML.read(bytes, file: file.lastPathComponent)
            try #require(documents.count == 1)
            #expect(YAML.write(documents[0]) == bytes, "\(file.lastPathComponent)")
        }
    }

    @Test func everyKindsJSONIsWrittenAsItsYAML() throws {
        for file in Shared.files(Self.folder, ending: "json") {
            let documents = try YAML.read(Shared.bytes(file), file: file.lastPathComponent)
            try #require(documents.count == 1)
            let yaml = try Shared.bytes(file.deletingPathExtension().appendingPathExtension("yaml"))
            #expect(YAML.write(documents[0].sorted()) == yaml, "\(file.lastPathComponent)")
        }
    }
}
