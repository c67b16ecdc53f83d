import CMartinetFaultDisk

/// A disk for SQLite, in memory, that fails where it is told to, and knows what a power cut would leave of it.
///
/// `@unchecked`: the C side guards all of its state with a mutex, and the pointer never changes.
package final class FaultDisk: @unchecked Sendable {
    /// What an operation meets.
    package enum Fault: CaseIterable, Sendable {
        /// Nothing of it happens, nor anything after it.
        case kill
        /// Some sectors of it happen, and nothing after it.
        case tornKill
        /// EIO. What a sync was to bring arrives in part or never, though readers still see it, as on Linux.
        case error
        /// Some bytes are read or written, then EIO.
        case short
        /// Some bytes are written, then ENOSPC.
        case noSpace

        var isKill: Bool { self == .kill || self == .tornKill }
        fileprivate var code: Int32 {
            switch self {
            case .kill: Int32(MARTINET_FAULT_KILL)
            case .tornKill: Int32(MARTINET_FAULT_TORN_KILL)
            case .error: Int32(MARTINET_FAULT_ERROR)
            case .short: Int32(MARTINET_FAULT_SHORT)
            case .noSpace: Int32(MARTINET_FAULT_NO_SPACE)
            }
        }
    }

    /// What is there after a kill.
    package enum Survival: CaseIterable, Sendable {
        /// A power cut: only what was synced.
        case onlySynced
        /// A power cut: of the rest any sectors, in any order.
        case byChance
        /// A power cut: of the rest a beginning, the last of it torn.
        case aBeginning
        /// The process died, the machine did not: all of it, and still not synced.
        case everything

        fileprivate var code: Int32 {
            switch self {
            case .onlySynced: Int32(MARTINET_SURVIVES_NOTHING)
            case .byChance: Int32(MARTINET_SURVIVES_BY_CHANCE)
            case .aBeginning: Int32(MARTINET_SURVIVES_A_BEGINNING)
            case .everything: Int32(MARTINET_SURVIVES_ALL)
            }
        }
    }

    /// The kinds of operations that are counted.
    package enum Kind: Int32, CaseIterable, Sendable { case creations, writes, truncations, syncs, deletions, reads }

    private let disk: OpaquePointer

    package init(seed: UInt64) {
        guard let made = martinet_fault_disk_new(seed) else { preconditionFailure("no memory for a disk") }
        disk = made
    }

    deinit { martinet_fault_disk_free(disk) }

    /// What `SQLiteStore.Configuration.disk` takes.
    package var name: String { String(cString: martinet_fault_disk_name(disk)) }
    /// Operations that changed something, so far: each is a point at which a machine can stop.
    package var operations: Int64 { martinet_fault_disk_operations(disk) }
    package func count(_ kind: Kind) -> Int64 { martinet_fault_disk_count(disk, kind.rawValue) }
    package var injected: Int64 { martinet_fault_disk_injected(disk) }
    /// What the last fault hit.
    package var hit: Kind? { Kind(rawValue: martinet_fault_disk_hit(disk)) }
    package var isDead: Bool { martinet_fault_disk_dead(disk) != 0 }
    package var bytes: Int64 { martinet_fault_disk_bytes(disk) }

    /// The operation after `after` more ones meets `fault`.
    package func plan(_ fault: Fault, after: Int64) { martinet_fault_disk_plan(disk, after, fault.code) }
    package func planRead(_ fault: Fault, after: Int64) { martinet_fault_disk_plan_read(disk, after, fault.code) }
    package func forgetPlans() {
        martinet_fault_disk_plan(disk, 0, Int32(MARTINET_FAULT_NONE))
        martinet_fault_disk_plan_read(disk, 0, Int32(MARTINET_FAULT_NONE))
    }
    /// No file grows beyond so many bytes of all files; nil: no limit.
    package func limit(_ bytes: Int64?) { martinet_fault_disk_limit(disk, bytes ?? -1) }
    /// From now on a sync is confirmed and does nothing.
    package func lie() { martinet_fault_disk_lie(disk, 1) }
    /// The machine starts again. No file may be open.
    package func restart(_ survival: Survival) { martinet_fault_disk_restart(disk, survival.code) }
}
