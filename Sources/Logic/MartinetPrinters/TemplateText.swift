/// The characters of a template, for the parsers that go through them.
struct TemplateText {
    private static let maximum = 64 << 10
    let template: String
    let scalars: [Unicode.Scalar]

    init(_ template: String) {
        self.template = template
        scalars = Array(template.unicodeScalars)
    }

    var count: Int { scalars.count }

    subscript(index: Int) -> Unicode.Scalar { scalars[index] }

    func fault(_ message: String) -> PrinterError {
        PrinterError(code: .syntax, message: message, template: template)
    }

    func checkSize() throws(PrinterError) {
        if count > Self.maximum { throw fault("it is longer than \(Self.maximum >> 10) KiB") }
    }

    func string(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return String(view)
    }

    func matches(_ prefix: String, at index: Int) -> Bool { scalars[index...].starts(with: prefix.unicodeScalars) }

    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
}
