"""A run as one HTML file that is complete: it fetches nothing, and opens on the verdict.

Of check: a table of the sites with their PyTorch calls, which is searched, sorted and filtered by
severity, rule, producer and file; a section a finding, with the picture, what was meant, the proof,
the fix as a diff, the graph around the node and what runtimes are known to make of it; and the
playground, in which any two calls of any framework are held against each other. Each finding has a
link of its own, which stays while file, graph, node and rule do. All but the search and the
playground works without JavaScript; of more than 60 files, the choice of one needs it too. It needs
jinja2: `pip install 'halfpixel[html]'`.

Every text from a file is escaped by the template engine, and a policy in the page lets no script
run but its own.
"""
