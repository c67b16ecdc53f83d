import CMartinetImages
package import MartinetArchive
package import MartinetBase

/// Extended attributes of files that belong into images: capabilities and users' own. See xattr(7).
package enum ExtendedAttributes {
    /// Of `name` in `folder`, links not followed; sorted by name. Those of security modules and overlayfs stay here.
    package static func read(_ name: String, in folder: OpenFile) throws(SystemError) -> [TarEntry.Attribute] {
        let path = "/proc/self/fd/\(folder.descriptor)/\(name)"
        var names = [CChar](repeating: 0, count: 64 << 10)
        let used = martinet_images_list_attributes(path, &names, names.count)
        if used == 0 || used == -95 { return [] }  // EOPNOTSUPP: a file system without any
        guard used > 0 else { throw SystemError(call: "llistxattr", operand: name, errno: Int32(-used)) }
        var found: [TarEntry.Attribute] = []
        for raw in names[..<Int(used)].split(separator: 0) {
            let attribute = String(decoding: raw.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let isUsers = attribute.hasPrefix("user.") && !attribute.hasPrefix("user.overlay.")
            guard attribute == "security.capability" || isUsers else { continue }
            var value = [UInt8](repeating: 0, count: 64 << 10)
            let size = martinet_images_get_attribute(path, attribute, &value, value.count)
            guard size >= 0 else { throw SystemError(call: "lgetxattr", operand: name, errno: Int32(-size)) }
            found.append(.init(name: attribute, value: Array(value[..<Int(size)])))
        }
        return found.sorted { $0.name < $1.name }
    }

    /// The value of one attribute of an open file, or nil where it has none of that name.
    package static func value(_ attribute: String, of file: OpenFile) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 256)
        let size = "/proc/self/fd/\(file.descriptor)/.".withCString {
            martinet_images_get_attribute($0, attribute, &value, 256)
        }
        return size >= 0 ? Array(value[..<Int(size)]) : nil
    }

    package static func set(
        _ attributes: [TarEntry.Attribute], _ name: String, in folder: OpenFile
    ) throws(SystemError) {
        for attribute in attributes {
            let result = martinet_images_set_attribute(
                "/proc/self/fd/\(folder.descriptor)/\(name)", attribute.name, attribute.value, attribute.value.count, 0)
            guard result == 0 || result == -95 else {
                throw SystemError(call: "lsetxattr", operand: name, errno: -result)
            }
        }
    }
}
