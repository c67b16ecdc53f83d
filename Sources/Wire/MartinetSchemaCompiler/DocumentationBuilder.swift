package import MartinetSchema

/// Collects the texts of definitions into the bytes that `Documentation` reads. A text that occurs often lies there once.
package struct DocumentationBuilder {
    private let definitions: [TypeDefinition]
    private var out: [UInt8] = []
    private var pending: [(place: Int, text: String)] = []

    package init(_ definitions: [TypeDefinition]) {
        self.definitions = definitions.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    }

    package func build() -> [UInt8] {
        var builder = self
        return builder.assemble()
    }

    private mutating func assemble() -> [UInt8] {
        typealias Format = DocumentationFormat
        let fields = Format.headerSize + definitions.count * Format.typeSize
        out = [UInt8](repeating: 0, count: fields + definitions.reduce(0) { $0 + $1.fields.count } * 4)
        put(Format.magic, at: Format.Header.magic)
        put(Format.version, at: Format.Header.version)
        put(UInt32(definitions.count), at: Format.Header.typeCount)
        var next = fields
        for (index, definition) in definitions.enumerated() {
            let place = Format.headerSize + index * Format.typeSize
            pending.append((place + Format.TypeRecord.name, definition.name))
            pending.append((place + Format.TypeRecord.text, definition.documentation))
            put(UInt32(definition.fields.count), at: place + Format.TypeRecord.fieldCount)
            link(place + Format.TypeRecord.fields, to: next)
            for (slot, field) in definition.fields.enumerated() {
                pending.append((next + slot * 4, field.documentation))
            }
            next += definition.fields.count * 4
        }
        writeTexts()
        return out
    }

    private mutating func writeTexts() {
        var known: [String: Int] = [:]
        for (place, text) in pending where !text.isEmpty {
            let target = known[text] ?? out.count
            link(place, to: target)
            guard target == out.count else { continue }
            known[text] = target
            out.append(tableText: text)
        }
    }

    private mutating func put(_ number: UInt32, at place: Int) {
        for index in 0..<4 { out[place + index] = UInt8(truncatingIfNeeded: number >> (8 * UInt32(index))) }
    }

    private mutating func link(_ place: Int, to target: Int) {
        put(UInt32(bitPattern: Int32(target - place)), at: place)
    }
}
