/// Joins two connections: what one does not take, the other does not read; the end of one is the end of both.
package enum PipeJoint {
    package static func join(_ near: any BytePipe, _ far: any BytePipe) {
        flow(near, far)
        flow(far, near)
    }

    private static func flow(_ from: any BytePipe, _ to: any BytePipe) {
        to.onWritable { from.setReading(true) }
        from.onClose { to.end() }
        from.start(
            onBytes: { bytes in
                to.write(bytes)
                guard !to.isWritable else { return }
                from.setReading(false)
                if to.isWritable { from.setReading(true) }
            }, onEnd: { to.end() })
    }
}
