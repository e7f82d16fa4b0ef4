"""The rules of Tests/style, by name: each is given a Tree and yields its findings."""

from Support.style.files import lines, names, sizes
from Support.style.layers import layers
from Support.style.links import links
from Support.style.linters import formatting, python, shell
from Support.style.mentions import mentions

RULES = {
    "formatting": formatting, "shell": shell, "python": python, "lines": lines, "sizes": sizes, "names": names,
    "links": links, "mentions": mentions, "layers": layers,
}
