"""What is linked into switchman-web."""

from Support.supply import assert_documented


def test_it_is_documented_with_its_version():
    assert_documented("Sources/Web/Package.resolved", "swift-nio")
