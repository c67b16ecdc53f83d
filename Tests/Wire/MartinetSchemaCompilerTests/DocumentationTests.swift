import MartinetSchema
import MartinetSchemaCompiler
import Testing

@Suite struct DocumentationTests {
    static let text = """
        group example.com/v1
        kind Lamp -- Gives light. # not a comment
          resource lamps lamp cluster
          1 metadata Meta
          2 bright int32 required = 3 -- How bright it is -- in lumen.
          - plug Plug inline
        type Plug struct=atomic -- What goes into the socket.
          1 pins [int32] list=atomic -- How many pins.
        type Meta
          1 name string
        """

    private func definitions() throws -> [TypeDefinition] {
        let shared = "group meta/v1\ntype ListMeta\n  1 continue string"
        return try SchemaCompiler.link([
            SchemaFile(name: "example.api", text: Self.text), SchemaFile(name: "meta.api", text: shared),
        ])
    }

    private func withDocumentation(_ body: (Documentation) throws -> Void) throws {
        let bytes = DocumentationBuilder(try definitions()).build()
        let place = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        defer { place.deallocate() }
        place.copyBytes(from: bytes)
        try body(try #require(Documentation(UnsafeRawBufferPointer(place))))
    }

    @Test func textsOfKindsTypesAndFieldsAreFound() throws {
        try withDocumentation { documentation in
            #expect(documentation.text(ofType: "example.com/v1.Lamp") == "Gives light. # not a comment")
            #expect(documentation.text(ofType: "example.com/v1.Plug") == "What goes into the socket.")
            #expect(documentation.text(ofType: "example.com/v1.Lamp", slot: 1) == "How bright it is -- in lumen.")
        }
    }

    @Test func anInlinedFieldBringsItsText() throws {
        try withDocumentation { #expect($0.text(ofType: "example.com/v1.Lamp", slot: 2) == "How many pins.") }
    }

    @Test func aListKindHasTextsWithoutBeingWritten() throws {
        try withDocumentation { documentation in
            #expect(documentation.text(ofType: "example.com/v1.LampList").contains("Lamp"))
            #expect(!documentation.text(ofType: "example.com/v1.LampList", slot: 1).isEmpty)
        }
    }

    @Test func whatIsNotThereHasNoText() throws {
        try withDocumentation { documentation in
            #expect(documentation.text(ofType: "example.com/v1.Candle") == "")
            #expect(documentation.text(ofType: "example.com/v1.Meta") == "")
            #expect(documentation.text(ofType: "example.com/v1.Lamp", slot: 0) == "")
            #expect(documentation.text(ofType: "example.com/v1.Lamp", slot: 99) == "")
        }
    }

    @Test func theTableIsTheSameWithAndWithoutTexts() throws {
        let plain = try SchemaFile(
            name: "plain.api",
            text: Self.text.split(separator: "\n").map { $0.split(separator: " -- ")[0] }
                .joined(separator: "\n"))
        let shared = try SchemaFile(name: "meta.api", text: "group meta/v1\ntype ListMeta\n  1 continue string")
        let without = try SchemaCompiler.link([plain, shared])
        let table = try TableBuilder(try definitions().map(\.undocumented)).build()
        #expect(try table == TableBuilder(without.map(\.undocumented)).build())
    }

    @Test func bytesOfAnotherFormatAreRefused() {
        let words: [UInt64] = [1, 2, 3]
        words.withUnsafeBytes { #expect(Documentation($0) == nil) }
        #expect(Documentation(UnsafeRawBufferPointer(start: nil, count: 0)) == nil)
    }
}
