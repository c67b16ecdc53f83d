import Glibc
import MartinetBase
import MartinetSchema
import MartinetSchemaCompiler

// martinet-schema API-FOLDER TABLES-FOLDER VIEWS-FOLDER: compiles the schema files into the table, the documentation and
// the typed views.

func readFile(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}

func writeFile(_ path: String, _ bytes: [UInt8]) -> Bool {
    if let old = readFile(path), Array(old.utf8) == bytes { return true }
    guard let file = fopen(path, "w") else { return false }
    defer { fclose(file) }
    return fwrite(bytes, 1, bytes.count, file) == bytes.count
}

func names(in folder: String, suffix: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasSuffix(suffix) { names.append(name) }
    }
    return names.sorted()
}

func fail(_ message: String) -> Never {
    Log.standardError("martinet-schema: \(message)")
    exit(1)
}

let arguments = CommandLine.arguments
guard arguments.count == 4 else { fail("expected three arguments: API-FOLDER TABLES-FOLDER VIEWS-FOLDER") }
let (apiFolder, tablesFolder, viewsFolder) = (arguments[1], arguments[2], arguments[3])

do {
    var files: [SchemaFile] = []
    for name in names(in: apiFolder, suffix: ".api") {
        guard let text = readFile("\(apiFolder)/\(name)") else { fail("cannot read \(apiFolder)/\(name)") }
        files.append(try SchemaFile(name: name, text: text))
    }
    let definitions = try SchemaCompiler.link(files)
    let table = try TableBuilder(definitions.map(\.undocumented)).build()
    let documentation = DocumentationBuilder(definitions).build()
    for (name, bytes) in [("tables.bin", table), ("documentation.bin", documentation)] {
        let path = "\(tablesFolder)/\(name)"
        guard writeFile(path, bytes) else { fail("cannot write \(path)") }
    }
    let views = ViewGenerator(definitions).generate(kinds: ViewGenerator.kindsWithViews)
    for name in names(in: viewsFolder, suffix: ".swift") where views[name] == nil { unlink("\(viewsFolder)/\(name)") }
    for (name, text) in views where !writeFile("\(viewsFolder)/\(name)", Array(text.utf8)) {
        fail("cannot write \(viewsFolder)/\(name)")
    }
    print(
        "\(definitions.count) types, \(table.count) bytes of tables, \(documentation.count) of documentation, "
            + "\(views.count) files of views")
} catch {
    fail("\(error)")
}
