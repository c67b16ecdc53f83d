/// The layout of a compiled schema: one block of bytes that is used where it lies.
///
/// Records have fixed sizes; every reference is a signed 32-bit distance from the place where it is written, zero for
/// "none", so that a pointer to a record is all that is needed to follow it and a table can lie anywhere. Strings are a
/// 16-bit length and UTF-8 bytes. All numbers are little-endian and aligned to their size.
enum TableFormat {
    static let magic: UInt32 = 0x4C42_544D  // "MTBL"
    static let version: UInt32 = 2

    /// magic, version, types, type count, kinds, kind count, fingerprint (64 bits)
    static let headerSize = 32
    enum Header {
        static let magic = 0
        static let version = 4
        static let types = 8
        static let typeCount = 12
        static let kinds = 16
        static let kindCount = 20
        static let fingerprint = 24
    }

    static let typeSize = 32
    enum TypeRecord {
        static let name = 0
        static let fields = 4
        static let fieldCount = 8  // UInt16
        static let flags = 10  // UInt16
        static let kind = 12
        static let byName = 16  // UInt16 slots in order of the fields' names
        static let byNumber = 20  // UInt16 slots in order of (outer, number)
        static let additional = 24  // a field record for the values of undeclared names, or none
        static let documentation = 28
    }

    static let fieldSize = 48
    enum FieldRecord {
        static let name = 0
        static let type = 4
        static let number = 8  // UInt16
        static let outer = 10  // UInt16: up to two nested numbers, the outermost in the low byte
        static let scalar = 12  // UInt8
        static let container = 13  // UInt8
        static let flags = 14  // UInt16
        static let defaultValue = 16
        static let mergeKey = 20
        static let listKeys = 24
        static let enumeration = 28
        static let rules = 32
        static let documentation = 36
        static let format = 40
        static let slot = 44  // UInt16
    }

    static let kindSize = 84
    enum KindRecord {
        static let type = 0
        static let listType = 4
        static let group = 8
        static let version = 12
        static let name = 16
        static let plural = 20
        static let singular = 24
        static let shortNames = 28
        static let categories = 32
        static let verbs = 36
        static let subresources = 40
        static let selectable = 44
        static let storageHash = 48
        static let columns = 52
        static let proto = 56
        static let flags = 60  // UInt32: 1 namespaced, 2 served only on request, 4 legacy, 8 forgotten
        static let groupPriority = 64  // UInt32
        static let versionPriority = 68  // UInt32
        static let defaults = 72
        static let scale = 76
        static let storedAs = 80
    }
}

/// What a single value is, before `[T]` and `{T}`.
package enum Scalar: UInt8, Sendable, CaseIterable {
    case object, string, bytes, bool, int32, int64, uint32, uint64, double, float
    case quantity, time, microtime, duration, intorstring, raw, json, fieldsv1, strings
    /// Any value, kept as a tree: what a custom resource may hold where its schema says nothing.
    case any
}

package enum Multiplicity: UInt8, Sendable {
    case single, list, map
    /// A list of lists of the scalar. No table has one: custom resources put a type of the list form into a list.
    case nested
}

/// What a field does beyond holding a value. See docs/schema-language.md.
package struct FieldFlags: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    /// May be absent and then differs from its zero value.
    package static let pointer = FieldFlags(rawValue: 1)
    /// Written in JSON even when absent or zero.
    package static let always = FieldFlags(rawValue: 2)
    package static let required = FieldFlags(rawValue: 4)
    package static let listSet = FieldFlags(rawValue: 8)
    package static let listMap = FieldFlags(rawValue: 16)
    package static let atomic = FieldFlags(rawValue: 32)
    package static let merge = FieldFlags(rawValue: 64)
    package static let retainKeys = FieldFlags(rawValue: 128)
    package static let immutable = FieldFlags(rawValue: 256)
    /// Left out of JSON when it is an empty object.
    package static let omitZero = FieldFlags(rawValue: 512)
    /// `null` is a value of its own (custom resources with `nullable`).
    package static let nullable = FieldFlags(rawValue: 1024)
    /// The enclosing message of an inlined object may be absent (an embedded pointer).
    package static let outerPointer = FieldFlags(rawValue: 2048)
    /// A value of another type than the field's is kept as it came, for validation to refuse with its path. Fields of
    /// custom resources have it: a wrong type there is one more broken rule and not the end of decoding.
    package static let lenient = FieldFlags(rawValue: 4096)
}

package struct TypeFlags: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package static let atomic = TypeFlags(rawValue: 1)
    /// The JSON form is a boolean or the object in the first field (apiextensions' JSONSchemaPropsOrBool).
    package static let propsOrBool = TypeFlags(rawValue: 2)
    /// The JSON form is one object or a list of them (JSONSchemaPropsOrArray).
    package static let propsOrArray = TypeFlags(rawValue: 4)
    /// The JSON form is an object or a list of strings (JSONSchemaPropsOrStringArray).
    package static let propsOrStrings = TypeFlags(rawValue: 8)
    /// Undeclared fields are kept instead of refused (x-kubernetes-preserve-unknown-fields).
    package static let preserveUnknown = TypeFlags(rawValue: 16)
    /// A JSON object that carries its own apiVersion and kind, as a root object does.
    package static let root = TypeFlags(rawValue: 32)

    /// The JSON form is the list in the first field: what a list of lists holds.
    package static let listForm = TypeFlags(rawValue: 64)

    static let special: TypeFlags = [.propsOrBool, .propsOrArray, .propsOrStrings, .listForm]
}
