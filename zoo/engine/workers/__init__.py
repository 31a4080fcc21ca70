"""Several devices or machines: each replica trains on its share of every batch, to the weights of one process.

devices                 Which devices are there, and which does the caller ask for?
cluster                 Which workers does `TF_CONFIG` name, and how does this process join them?
loop_replicas           The loop of an epoch on all replicas (`zoo.engine.driver.Loop`)
replicas_tensorflow     Steps of the replicas under a TensorFlow strategy
replicas_jax            Steps of the replicas on JAX
copies                  Clones a compiled model, and moves values between the two
messages                What the chief sends the other workers; the loss of one; Ctrl-C
following               The chief's call of `fitting.fit`, which the other workers follow
"""
