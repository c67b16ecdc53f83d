extension RawJSON {
    /// One JSON value; throws where the bytes are something else.
    package init(checking bytes: [UInt8]) throws(DecodeError) {
        let result: Result<String, DecodeError> = bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer)
            do throws(DecodeError) {
                try scanner.skipValue()
                scanner.skipSpace()
                guard scanner.position == buffer.count else {
                    throw scanner.failure("there is something behind the value")
                }
                return .success(JSONCompactor.compact(buffer))
            } catch {
                return .failure(error)
            }
        }
        text = try result.get()
    }
}

/// Removes the white space between the tokens of valid JSON and leaves everything else as it is.
enum JSONCompactor {
    static func compact(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var quoted = false
        var escaped = false
        for byte in bytes {
            if quoted {
                if escaped {
                    escaped = false
                } else if byte == 92 {
                    escaped = true
                } else if byte == 34 {
                    quoted = false
                }
            } else if byte == 32 || byte == 10 || byte == 13 || byte == 9 {
                continue
            } else if byte == 34 {
                quoted = true
            }
            out.append(byte)
        }
        return String(decoding: out, as: UTF8.self)
    }
}
