"""Several networks trained by one program: folds, seeds and learning rates side by side. Which file answers what:

    plan_members      Can models train as one program, and should they?
    fitting_members   Which thread trains which of them?
    own_rows          How does the graph of one network become a network of members with rows of their own?
    narrow_inputs     Which weights of the widest network are those of one with fewer inputs?
    member_rows       How do members with different numbers of rows have batches of one size?
    program           How is an epoch of all members traced, how do their weights update, and when does each stop?
    products          How are the matrices of members multiplied?

The layers of members, and ensembles, whose members see the same rows, are in `zoo.layers.members` and
`zoo.layers.ensemble`.
"""
