/// nfnetlink messages for nftables (<linux/netfilter/nfnetlink.h>, <linux/netfilter/nf_tables.h>).
package enum NftRequests {
    package static func batchBegin() -> NetlinkRequest { batch(16, "begin the transaction") }
    package static func batchEnd() -> NetlinkRequest { batch(17, "end the transaction") }

    private static func batch(_ type: UInt16, _ purpose: String) -> NetlinkRequest {
        // `nfgenmsg`: family, version, subsystem 10 (nftables) in network order.
        NetlinkRequest(type: type, flags: [], body: NetlinkBody(header: [0, 0, 0, 10]), purpose: purpose)
    }
}
