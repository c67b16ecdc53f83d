import CMartinetYAML

/// Turns libyaml's events into documents.
///
/// libyaml keeps its own state on the heap and never recurses; neither does this. Memory is bounded by the text: an
/// alias shares what it stands for, and what all of them stand for together is counted.
struct YAMLReader {
    private let file: String
    private let limits: YAMLLimits
    private var composer: YAMLComposer

    static func read(_ bytes: [UInt8], file: String, limits: YAMLLimits) throws(YAMLError) -> [YAMLNode] {
        // The tab in front of a line's first word is the commonest fault, and libyaml's words for it are the vaguest.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) != 0 else {
            throw YAMLError(.limit, file: file, mark: Mark(line: 1, column: 1), message: "libyaml has no memory")
        }
        defer { yaml_parser_delete(parser) }
        var reader = YAMLReader(file: file, limits: limits)
        return try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) in
            // An empty array has no address, and libyaml wants one.
            var nothing: UInt8 = 0
            return try withUnsafePointer(to: &nothing) { nothing throws(YAMLError) in
                yaml_parser_set_input_string(parser, buffer.baseAddress ?? nothing, buffer.count)
                return try reader.documents(parser, buffer)
            }
        }
    }

    private init(file: String, limits: YAMLLimits) {
        self.file = file
        self.limits = limits
        composer = YAMLComposer(file: file, limits: limits)
    }

    private mutating func documents(
        _ parser: UnsafeMutablePointer<yaml_parser_t>, _ text: UnsafeBufferPointer<UInt8>
    ) throws(YAMLError) -> [YAMLNode] {
        var documents: [YAMLNode] = []
        var event = yaml_event_t()
        while true {
            guard yaml_parser_parse(parser, &event) != 0 else {
                throw LibYAMLProblem(parser.pointee, text).error(file: file)
            }
            defer { yaml_event_delete(&event) }
            switch event.type {
            case YAML_STREAM_END_EVENT:
                return documents
            case YAML_DOCUMENT_START_EVENT:
                composer.startDocument()
            case YAML_DOCUMENT_END_EVENT:
                documents.append(composer.document ?? YAMLNode(.null, mark: Mark(event.start_mark)))
            default:
                try handle(event)
            }
        }
    }

    private mutating func handle(_ event: yaml_event_t) throws(YAMLError) {
        let mark = Mark(event.start_mark)
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try composer.scalar(
                UnsafeBufferPointer(start: scalar.value, count: scalar.length), plain: scalar.plain_implicit != 0,
                tag: scalar.tag, anchor: String(yaml: scalar.anchor), mark: mark)
        case YAML_ALIAS_EVENT:
            try composer.alias(String(yaml: event.data.alias.anchor) ?? "", mark: mark)
        case YAML_SEQUENCE_START_EVENT:
            try composer.start(isMap: false, anchor: String(yaml: event.data.sequence_start.anchor), mark: mark)
        case YAML_MAPPING_START_EVENT:
            try composer.start(isMap: true, anchor: String(yaml: event.data.mapping_start.anchor), mark: mark)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            try composer.end()
        default:
            break
        }
    }
}

extension Mark {
    /// libyaml counts from 0.
    init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }
}

extension String {
    /// A string of libyaml, which ends with a zero byte.
    init?(yaml text: UnsafeMutablePointer<UInt8>?) {
        guard let text else { return nil }
        self.init(cString: text)
    }
}
