"""The image of this board."""

include("../rp2_manifest.py")
module("board.py")
