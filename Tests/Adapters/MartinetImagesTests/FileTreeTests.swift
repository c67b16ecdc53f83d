import Glibc
import MartinetImages
import Testing

@Test func aRemovalThatWasKilledIsFinishedByTheNext() throws {
    let scratch = try Scratch()
    // As it is left: deeper folders moved up and not yet empty, with and without the folder that they came from.
    for place in ["one/a/b", "one.removing-1/c/d", "one.removing-2/e", "two.removing-1/f", "two", "other.removing-1"] {
        try FileTree.makeFolders("\(scratch.path)/\(place)")
    }
    let folder = try OpenFile.folder(scratch.path)
    try FileTree.remove("one", in: folder)
    try FileTree.remove("two", in: folder)
    for (name, isThere) in [
        ("one", false), ("one.removing-1", false), ("one.removing-2", false), ("two", false), ("two.removing-1", false),
        ("other.removing-1", true),
    ] { #expect((access("\(scratch.path)/\(name)", F_OK) == 0) == isThere, "\(name)") }
}
