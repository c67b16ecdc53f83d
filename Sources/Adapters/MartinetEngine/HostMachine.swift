import Glibc

/// What this machine has.
package enum HostMachine {
    package static var processors: Int64 { max(1, Int64(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
    /// Bytes.
    package static var memory: Int64 {
        let (bytes, overflow) = Int64(sysconf(Int32(_SC_PHYS_PAGES))).multipliedReportingOverflow(
            by: Int64(sysconf(Int32(_SC_PAGESIZE))))
        return overflow ? .max : bytes
    }
}
