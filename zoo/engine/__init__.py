"""The engine: trains a compiled Keras model, near the speed of the machine for small networks.

Who owns which argument of `zoo.train`:

    optimizer, loss, learning_rate, class_weight    zoo.training.settings: how a model is compiled
    epochs, batch_size, solver                      the same; they change the entry's recipe
    freeze                                          freezing: phases, each a training with layers that stand still
    engine, devices                                 plan: which loop trains, whether by XLA, where, and why
    validation, patience, stop_at                   callbacks: the best weights, and when to stop
    checkpoint                                      checkpoints: what a run needs to go on
    callbacks                                       driver: calls them around the epochs of whatever loop trains
    verbose                                         zoo.progress: one line, with the time left
    seed                                            ordering (rows), draws and dropout (layers)

Which file answers which question:

    plan                 What is a training? How does it run, and what cannot be done?
    costs                What does a step cost, and when does XLA, or a second GPU, pay off?
    fitting              What happens around the epochs of one training, and what comes of it?
    driver               What happens around an epoch? What must a loop be able to do?
    loop_compiled        How do rows reach compiled steps, whole or in blocks, and which steps are kept?
    loop_tensorflow      How are the steps of an epoch one call, on TensorFlow?
    loop_jax             How, on JAX?
    loop_numpy           How do maps learn by passes in numpy? (numpy_fit: in the place of Keras's `fit`)
    loop_keras           How does Keras's own `fit` train, where no loop of the zoo can?
    objectives           What is a step of a network that learns by more than a loss of target and output?
    players              How are several optimizers, each with layers of its own, one optimizer of a model?
    experience           How do a model's own acts become rows, and what of them is in a checkpoint?
    asked                What can be asked of an entry by its traits, and what is refused?
    traced_functions     What does a call of a traced function cost, and how is it used by another model?
    objectives           How does a step train by an objective, and what follows it?
    players              How do several optimizers, each with layers of its own, train as one?
    experience           How do rows come from the model's own acts, and how does a run of them resume?
    updates              How do optimizers and metrics update in few operations?
    memory, placing      What if rows do not fit? How are they held on a device once?
    callbacks            Which weights are kept, and when does a training stop?
    budget               How does time end a training?
    checkpoints          How does a killed run go on to equal weights?
    interruption         What do Ctrl-C and SIGTERM end, and when?
    keras_internals      Which names of Keras that are not public are used, and what if one is missing?
    precision            In which precision do networks compute?
    schedules            How does the learning rate run over the steps?
    optimizers           How do groups of weights have learning rates and weight decays of their own?

    workers/             Several devices or machines: which, how they exchange weights, what if one is lost
    members/             Many models as one program: folds, seeds, learning rates

Full-batch solvers, which know no epochs, are in `zoo.solvers`.
"""
