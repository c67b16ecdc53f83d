import MartinetStore
import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetDocuments
import MartinetSchema
import MartinetTransport
import Synchronization

/// One watch over HTTP: frames on a stream that stays open.
///
/// JSON frames are lines; protobuf frames have a length of four bytes before them (most significant first). The stream is
/// ended in good order when its time is up or the watcher fell behind; the client goes on from the last event it saw.
final class WatchStream: Sendable {
    private let stream: any OutgoingStream
    private let representation: Representation
    private let kind: Kind
    private let include: TableConverter.Include
    private let runtime: any Runtime
    private struct State {
        var watch: RegistryWatch?
        var timers: [any TimerPort] = []
        var isOver = false
        var hasSentColumns = false
    }
    private let state = Mutex(State())

    static let bookmarkEvery = Duration.seconds(60)

    init(
        _ stream: any OutgoingStream, representation: Representation, kind: Kind, include: TableConverter.Include,
        runtime: any Runtime
    ) {
        self.stream = stream
        self.representation = representation
        self.kind = kind
        self.include = include
        self.runtime = runtime
    }

    static func contentType(_ representation: Representation) -> String {
        switch representation.encoding {
        case .protobuf: "application/vnd.kubernetes.protobuf;stream=watch"
        // What is a sequence needs no parameter to say so.
        case .cbor: "application/cbor-seq"
        case .json, .yaml: "application/json;stream=watch"
        }
    }

    /// Begins to watch; from here on the stream lives by itself.
    func start(_ watch: RegistryWatch, options: APIRequest.Options, on executor: any SerialExecutorPort) {
        let over = state.withLock { state in
            state.watch = watch
            return state.isOver
        }
        if over { return watch.cancel() }
        stream.onClose { [weak self] in self?.end() }
        let seconds = options.timeoutSeconds.map { max(1, $0) } ?? 1800 + Int64(runtime.random() % 1800)
        let limit = executor.submit(after: .seconds(seconds)) { [weak self] in self?.finish() }
        state.withLock { $0.timers.append(limit) }
        if options.allowWatchBookmarks { bookmark(executor) }
    }

    private func bookmark(_ executor: any SerialExecutorPort) {
        let timer = executor.submit(after: WatchStream.bookmarkEvery) { [weak self] in
            guard let self, let watch = self.state.withLock({ $0.isOver ? nil : $0.watch }) else { return }
            self.send([.bookmark(watch.revision, initialEventsEnd: false)])
            self.bookmark(executor)
        }
        state.withLock { $0.timers = $0.timers.suffix(1) + [timer] }
    }

    func send(_ events: [WatchEvent]) {
        var frames: [UInt8] = []
        var isOver = false
        for event in events {
            switch event {
            case .added(let object): append("ADDED", object, &frames)
            case .modified(let object): append("MODIFIED", object, &frames)
            case .deleted(let object): append("DELETED", object, &frames)
            case .bookmark(let revision, let end): append(bookmark: revision.value, end: end, &frames)
            case .ended: isOver = true
            }
        }
        if !frames.isEmpty, !stream.write(frames) { return end() }
        if isOver { finish() }
    }

    private func append(_ type: String, _ object: CachedObject, _ frames: inout [UInt8]) {
        switch representation.form {
        case .whole:
            switch representation.encoding {
            case .protobuf: append(type, object.protobuf, &frames)
            case .cbor: append(type, CBOREncoder.encodeBody(object.object), &frames)
            case .json, .yaml: append(type, object.json, &frames)
            }
        case .metadata: append(type, PartialMetadata.object(object.object) ?? object.object, &frames)
        case .table: append(type, table([object.object], object.object.metadata.resourceVersion), &frames)
        }
    }

    private func append(bookmark revision: Int64, end: Bool, _ frames: inout [UInt8]) {
        var object = Object(type: kind.type)
        var metadata = object.metadata
        metadata.resourceVersion = String(revision)
        if end { metadata.annotations["k8s.io/initial-events-end"] = "true" }
        object.metadata = metadata
        switch representation.form {
        case .whole: append("BOOKMARK", object, &frames)
        case .metadata: append("BOOKMARK", PartialMetadata.object(object) ?? object, &frames)
        case .table: append("BOOKMARK", table([object], metadata.resourceVersion), &frames)
        }
    }

    private func table(_ objects: [Object], _ revision: String) -> Object {
        let withColumns = state.withLock { state in
            defer { state.hasSentColumns = true }
            return !state.hasSentColumns
        }
        var head = TableConverter.ListHead()
        head.resourceVersion = revision
        return TableConverter(kind: kind).table(
            objects, head: head, include: include, now: runtime.now(), withColumns: withColumns)
            ?? Object(type: Status.type)
    }

    private func append(_ type: String, _ object: Object, _ frames: inout [UInt8]) {
        switch representation.encoding {
        case .protobuf where object.type.kind?.protobufPackage.isEmpty == false:
            append(type, ProtobufEncoder.encode(object), &frames)
        case .cbor: append(type, CBOREncoder.encodeBody(object), &frames)
        case .json, .yaml, .protobuf: append(type, representation.versioned(JSONEncoder.encode(object)), &frames)
        }
    }

    private func append(_ type: String, _ object: [UInt8], _ frames: inout [UInt8]) {
        switch representation.encoding {
        case .protobuf: frames += WatchFrame.protobuf(type: type, object: object)
        case .cbor: frames += CBOREncoder.watchEvent(type: type, object: object)
        case .json, .yaml:
            frames += "{\"type\":\"\(type)\",\"object\":".utf8
            frames += object
            frames += [125, 10]
        }
    }

    /// Ends the stream with an event that says why.
    func fail(_ error: APIError) {
        var frames: [UInt8] = []
        append("ERROR", error.status.object, &frames)
        _ = stream.write(frames)
        finish()
    }

    /// Ends the stream in good order.
    func finish() {
        stream.end()
        end()
    }

    private func end() {
        let (watch, timers) = state.withLock { state in
            state.isOver = true
            defer {
                state.watch = nil
                state.timers = []
            }
            return (state.watch, state.timers)
        }
        watch?.cancel()
        for timer in timers { timer.cancel() }
    }
}

/// The frame of a watch event in protobuf: a length, then meta/v1.WatchEvent{type, object{raw}}.
enum WatchFrame {
    static func protobuf(type: String, object: [UInt8]) -> [UInt8] {
        let raw = field(1, object)
        let body = field(1, Array(type.utf8)) + field(2, raw)
        let length = UInt32(truncatingIfNeeded: body.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> UInt32($0)) } + body
    }

    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [number << 3 | 2]
        var length = bytes.count
        while length >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        out.append(UInt8(length))
        return out + bytes
    }
}
