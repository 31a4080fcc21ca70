"""Solvers that look at all rows at once, in place of epochs.

lbfgs, newton       minimise any network's loss (`objective`) by its derivatives
ridge, logistic     solve linear models with a penalty chosen by cross-validation
"""
