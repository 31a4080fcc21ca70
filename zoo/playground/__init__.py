"""`zoo playground`: one page on which the networks of the lecture can be touched, in English and in Russian.

page/index.html   names every script, in the order in which they load
page/shell/       the router, the language, the link that holds the state, controls, questions, pictures
page/kernels/     the mathematics, without a page: the tests run these files in Node and compare them with the zoo
page/stations/    one station of the lecture a file: its texts, its controls, its picture
page/vendor/      D3, for scales and shapes
page/weights/     weights that the zoo trained, as scripts, since a page from a file may not fetch

hosting.py        serves the page, or copies it for another web host

The page needs no server, no network and no build: index.html opens from a file as well.
"""
