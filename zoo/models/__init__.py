"""The table of entries, by year. A row is an entry; the module it names holds its paper, recipe and builder."""

from zoo.registry import register

register(
    "mcculloch_pitts",
    builder="zoo.models.mcculloch_pitts:mcculloch_pitts",
    task="logic",
    learning="none",
    year=1943,
    paper="W. S. McCulloch, W. Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, Bulletin of "
    "Mathematical Biophysics 5, 1943. https://doi.org/10.1007/BF02478259",
    summary="Threshold units that compute logic: weights are given, or found for a truth table",
)
register(
    "mcculloch_pitts_network",
    builder="zoo.models.mcculloch_pitts_network:mcculloch_pitts_network",
    task="logic",
    learning="none",
    year=1943,
    paper="W. S. McCulloch, W. Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, Bulletin of "
    "Mathematical Biophysics 5, 1943. https://doi.org/10.1007/BF02478259",
    summary="Cells with a delay of one tick, from a description: nets that remember, and finite automata",
)
register(
    "hebbian",
    builder="zoo.models.hebbian:hebbian",
    task="features",
    learning="rule",
    year=1949,
    paper="D. O. Hebb, The Organization of Behavior, Wiley, 1949. https://doi.org/10.4324/9781410612403",
    summary="Units that strengthen the inputs which are active with them; rules from Hebb's to spike timing",
)
register(
    "hodgkin_huxley",
    builder="zoo.models.hodgkin_huxley:hodgkin_huxley",
    task="dynamics",
    year=1952,
    paper="A. L. Hodgkin, A. F. Huxley, A Quantitative Description of Membrane Current and its Application to "
    "Conduction and Excitation in Nerve, Journal of Physiology 117(4), 1952. https://doi.org/10.1113/jphysiol.1952.sp004764",
    summary="The squid's giant axon: current in, membrane voltage out, conductances fitted to recordings",
)
register(
    "logistic_regression",
    builder="zoo.models.logistic_regression:logistic_regression",
    task="classification",
    year=1958,
    paper="D. R. Cox, The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society B 20(2), "
    "1958. https://doi.org/10.1111/j.2517-6161.1958.tb00292.x",
    summary="Class probabilities from one linear layer, fitted to the maximum of the likelihood",
)
register(
    "mark_1_perceptron",
    builder="zoo.models.mark_1_perceptron:mark_1_perceptron",
    task="classification",
    year=1958,
    paper="F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain, "
    "Psychological Review 65(6), 1958. https://doi.org/10.1037/h0042519",
    summary="A retina, random association units, and response units that learn letters and shapes",
)
register(
    "perceptron",
    builder="zoo.models.perceptron:perceptron",
    task="classification",
    year=1958,
    paper="F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain, "
    "Psychological Review 65(6), 1958. https://doi.org/10.1037/h0042519",
    summary="A threshold unit that moves its weights only when it is wrong",
)
register(
    "linear_regression",
    builder="zoo.models.linear_regression:linear_regression",
    task="regression",
    year=1960,
    paper="B. Widrow, M. E. Hoff, Adaptive Switching Circuits, IRE WESCON Convention Record 4, 1960. "
    "https://isl.stanford.edu/~widrow/papers/c1960adaptiveswitching.pdf",
    summary="Adaline: a linear unit trained by the delta rule; its optimum is least squares",
)
register(
    "cognitron",
    builder="zoo.models.cognitron:cognitron",
    task="classification",
    learning="rule",
    year=1975,
    paper="K. Fukushima, Cognitron: A Self-organizing Multilayered Neural Network, Biological Cybernetics 20, 1975. "
    "https://doi.org/10.1007/BF00342633",
    summary="Layers that organize themselves without labels: the strongest cell of a vicinity learns",
)
register(
    "neocognitron",
    builder="zoo.models.neocognitron:neocognitron",
    task="classification",
    learning="rule",
    year=1980,
    paper="K. Fukushima, Neocognitron: A Self-organizing Neural Network Model for a Mechanism of Pattern Recognition "
    "Unaffected by Shift in Position, Biological Cybernetics 36, 1980. https://doi.org/10.1007/BF00344251",
    summary="Planes of cells that organize themselves without labels and know a pattern wherever it is",
)
register(
    "hopfield",
    builder="zoo.models.hopfield:hopfield",
    task="association",
    learning="rule",
    year=1982,
    paper="J. J. Hopfield, Neural Networks and Physical Systems with Emergent Collective Computational Abilities, "
    "Proceedings of the National Academy of Sciences 79(8), 1982. https://doi.org/10.1073/pnas.79.8.2554",
    summary="Units that settle into the stored pattern nearest to what they are shown",
)
register(
    "kohonen_map",
    builder="zoo.models.kohonen_map:kohonen_map",
    task="map",
    learning="rule",
    year=1982,
    paper="T. Kohonen, Self-Organized Formation of Topologically Correct Feature Maps, Biological Cybernetics 43, "
    "1982. https://doi.org/10.1007/BF00337288",
    summary="Units on a grid, of which neighbours learn to answer to what is alike",
)
register(
    "backprop_1986",
    builder="zoo.models.backprop_1986:backprop_1986",
    task="classification",
    year=1986,
    paper="D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature "
    "323, 1986. https://doi.org/10.1038/323533a0",
    summary="The symmetry net and exclusive or, with the constants and the learning rule of the paper",
)
register(
    "mlp_classifier",
    builder="zoo.models.mlp:mlp",
    task=("classification", "multilabel"),
    year=1986,
    paper="D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature "
    "323, 1986. https://doi.org/10.1038/323533a0",
    summary="Multilayer perceptron for the classes of a table",
)
register(
    "mlp_regressor",
    builder="zoo.models.mlp:mlp",
    defaults={"dropout": 0.1, "output_activation": None},
    task="regression",
    year=1986,
    paper="D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature "
    "323, 1986. https://doi.org/10.1038/323533a0",
    summary="Multilayer perceptron for a number in a table",
)
register(
    "restricted_boltzmann_machine",
    builder="zoo.models.restricted_boltzmann_machine:restricted_boltzmann_machine",
    task="features",
    learning="rule",
    year=1986,
    paper="P. Smolensky, Information Processing in Dynamical Systems: Foundations of Harmony Theory, in Parallel "
    "Distributed Processing 1, 1986. https://doi.org/10.7551/mitpress/5236.001.0001 and G. E. Hinton, Training "
    "Products of Experts by Minimizing Contrastive Divergence, Neural Computation 14(8), 2002. "
    "https://doi.org/10.1162/089976602760128018",
    summary="Hidden causes of visible units, learnt by contrastive divergence; it reconstructs and samples",
)
register(
    "image_mlp",
    builder="zoo.models.image_mlp:image_mlp",
    task=("classification", "multilabel"),
    year=1998,
    paper="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition, "
    "Proceedings of the IEEE 86(11), 1998. https://doi.org/10.1109/5.726791",
    summary="Multilayer perceptron for small images",
)
register(
    "lenet",
    builder="zoo.models.lenet:lenet",
    task=("classification", "multilabel"),
    year=1998,
    paper="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition, "
    "Proceedings of the IEEE 86(11), 1998. https://doi.org/10.1109/5.726791",
    summary="LeNet-5, as published and as of today: convolutions that look for features everywhere",
)
register(
    "committee_classifier",
    builder="zoo.models.ensemble_selection:committee",
    task=("classification", "multilabel"),
    year=2004,
    paper="R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, Ensemble Selection from Libraries of Models, ICML 2004. "
    "https://doi.org/10.1145/1015330.1015432",
    summary="Networks of several kinds, trained on folds and weighted greedily, for the classes of a table",
)
register(
    "committee_regressor",
    builder="zoo.models.ensemble_selection:committee",
    defaults={"output_activation": "clip"},
    task="regression",
    year=2004,
    paper="R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, Ensemble Selection from Libraries of Models, ICML 2004. "
    "https://doi.org/10.1145/1015330.1015432",
    summary="Networks of several kinds, trained on folds and weighted greedily, for a number in a table",
)
register(
    "modern_hopfield",
    builder="zoo.models.modern_hopfield:modern_hopfield",
    task="association",
    learning="rule",
    year=2020,
    paper="H. Ramsauer and others, Hopfield Networks is All You Need, 2020. https://arxiv.org/abs/2008.02217",
    summary="Continuous states that attend to stored patterns, of which there may be exponentially many",
)
register(
    "mlp_mixer",
    builder="zoo.models.mlp_mixer:mlp_mixer",
    task=("classification", "multilabel"),
    year=2021,
    paper="I. Tolstikhin, N. Houlsby, A. Kolesnikov, L. Beyer and others, MLP-Mixer: An all-MLP Architecture for "
    "Vision, NeurIPS 2021. https://arxiv.org/abs/2105.01601",
    summary="Perceptrons that mix the patches of an image and their channels in turn",
)
register(
    "realmlp_classifier",
    builder="zoo.models.realmlp:realmlp",
    task=("classification", "multilabel"),
    year=2024,
    paper="D. Holzmueller, L. Grinsztajn, I. Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on "
    "Tabular Data, NeurIPS 2024. https://arxiv.org/abs/2407.04491",
    summary="Multilayer perceptron with defaults tuned on many tables, for the classes of a table",
)
register(
    "realmlp_regressor",
    builder="zoo.models.realmlp:realmlp",
    defaults={"output_activation": "clip"},
    task="regression",
    year=2024,
    paper="D. Holzmueller, L. Grinsztajn, I. Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on "
    "Tabular Data, NeurIPS 2024. https://arxiv.org/abs/2407.04491",
    summary="Multilayer perceptron with defaults tuned on many tables, for a number in a table",
)
register(
    "tabm_classifier",
    builder="zoo.models.tabm:tabm",
    task=("classification", "multilabel"),
    year=2025,
    paper="Y. Gorishniy, A. Kotelnikov, A. Babenko, TabM: Advancing Tabular Deep Learning with Parameter-Efficient "
    "Ensembling, ICLR 2025. https://arxiv.org/abs/2410.24210",
    summary="Members that share all layers but their scales and heads, for the classes of a table",
)
register(
    "tabm_regressor",
    builder="zoo.models.tabm:tabm",
    defaults={"output_activation": None},
    task="regression",
    year=2025,
    paper="Y. Gorishniy, A. Kotelnikov, A. Babenko, TabM: Advancing Tabular Deep Learning with Parameter-Efficient "
    "Ensembling, ICLR 2025. https://arxiv.org/abs/2410.24210",
    summary="Members that share all layers but their scales and heads, for a number in a table",
)
