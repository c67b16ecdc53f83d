/// Cases of the YAML test suite that are read in another way, with the reason.
///
/// The suite is written for YAML 1.2. libyaml is a parser of YAML 1.1 with parts of 1.2, and go-yaml v2, which kubectl
/// reads with, is a translation of it: what they share is kept.
enum SuiteDifferences {
    static let reasons: [String: String] = Dictionary(
        groups.flatMap { group in group.cases.split(separator: " ").map { (String($0), group.reason) } },
        uniquingKeysWith: { first, _ in first })

    private static let groups: [(reason: String, cases: String)] = [
        (
            "libyaml knows the directives of YAML 1.1 only",
            "2LFX 6LVF MUS6/5 MUS6/6 BEC7 ZYU8/0 ZYU8/1 ZYU8/2 ZYU8/3 W4TN"
        ),
        (
            "libyaml lets a document follow, or a directive stand, without its marker",
            "9HCY EB22 RHX7 MUS6/0 MUS6/1"
        ),
        (
            "libyaml wants --- before another document, and content before ...",
            "7Z25 M7A3 HWV9 QT73"
        ),
        (
            "libyaml takes a # for a comment without a blank before it",
            "9JBA CVW2 SU5Z X4QW S98Z"
        ),
        (
            "libyaml takes no tab between a marker or an indentation and what follows",
            "6BCT 6CA3 96NN/0 96NN/1 A2M4 DK95/0 DK95/3 DK95/4 R4YG Y79Y/1 Y79Y/10"
        ),
        (
            "libyaml is lenient about the indentation inside flow collections and quotes",
            "9C9N DK95/1 QB6E Y79Y/3"
        ),
        (
            "libyaml is stricter about what may stand, or how it is indented, in a flow collection",
            "4MUZ/1 4MUZ/2 58MP 5MUD 5T43 9SA2 DBG4 DK3J FP8R HM87/0 HM87/1 K3WX NJ66 UT92 VJP3/1 652Z"
        ),
        (
            "libyaml reads - in a flow list as a string",
            "G5U8 YJV2"
        ),
        (
            "libyaml's anchors are letters, digits, - and _",
            "8XYN W5VH Y2GN 2SXE"
        ),
        (
            "libyaml drops the blanks of a last line that has no end",
            "JEF9/2 L24T/1"
        ),
        (
            "!!binary is decoded into a string, as go-yaml v2 does",
            "565N"
        ),
        (
            "y is a boolean for go-yaml v2, as a key too",
            "C4HZ"
        ),
    ]
}
