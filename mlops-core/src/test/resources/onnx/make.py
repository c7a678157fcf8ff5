"""Writes the ONNX files of this folder and the answers that scikit-learn gives, as CSV files of golden examples.

Trained with scikit-learn; its coefficients are written as ONNX operators by hand, so that no converter is needed:
    apt-get install python3-sklearn python3-onnx
    python3 make.py
Made with scikit-learn 1.2.1 and onnx 1.12.0; another version may train slightly other coefficients.
"""
import csv

import numpy as np
from onnx import TensorProto, ValueInfoProto, checker, helper, save
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler

OPSETS = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 2)]


def write(name, graph):
    model = helper.make_model(graph, opset_imports=OPSETS, producer_name="make.py", ir_version=7)
    checker.check_model(model)
    save(model, name)


def golden(name, columns, rows, outputs, within):
    """A line per row: its values, then what is expected, then how far each number may be from it."""
    with open(name, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns + list(outputs) + ["within"])
        for i, row in enumerate(rows):
            out.writerow(list(row) + [values[i] for values in outputs.values()] + [within])


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def iris():
    """A scaled logistic regression of one tensor of features; scores as a sequence of maps."""
    data = load_iris()
    labels = [str(name) for name in data.target_names]
    x = data.data.astype(np.float32)
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(max_iter=1000).fit(scaler.transform(x), data.target)
    nodes = [
        helper.make_node("Scaler", ["features"], ["scaled"], domain="ai.onnx.ml",
                         offset=[float(v) for v in scaler.mean_],
                         scale=[float(1 / v) for v in scaler.scale_]),
        helper.make_node("LinearClassifier", ["scaled"], ["label", "scores"], domain="ai.onnx.ml",
                         classlabels_strings=labels, multi_class=1, post_transform="SOFTMAX",
                         coefficients=[float(v) for v in model.coef_.ravel()],
                         intercepts=[float(v) for v in model.intercept_]),
        helper.make_node("ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml",
                         classlabels_strings=labels),
    ]
    maps = ValueInfoProto(name="probabilities")
    entry = maps.type.sequence_type.elem_type.map_type
    entry.key_type = TensorProto.STRING
    entry.value_type.tensor_type.elem_type = TensorProto.FLOAT
    entry.value_type.tensor_type.shape.SetInParent()
    graph = helper.make_graph(
        nodes, "iris",
        [tensor("features", TensorProto.FLOAT, [None, 4])],
        [tensor("label", TensorProto.STRING, [None]), maps])
    write("iris.onnx", graph)
    chosen = range(0, 150, 5)
    said = model.predict_proba(scaler.transform(x))[chosen]
    outputs = {"expected": [labels[i] for i in said.argmax(axis=1)]}
    outputs.update({"expected." + label: [repr(float(v)) for v in said[:, i]] for i, label in enumerate(labels)})
    golden("iris.csv", ["sepal-length", "sepal-width", "petal-length", "petal-width"],
           [[repr(float(str(v))) for v in row] for row in x[chosen]], outputs, 1e-5)


def orders():
    """A random forest of named columns, one of them of categories; scores as a plain tensor."""
    random = np.random.default_rng(7)
    n = 400
    amount = np.round(random.gamma(2.0, 60.0, n), 2).astype(np.float32)
    items = random.integers(1, 9, n)
    channel = random.choice(["app", "shop", "web"], n)
    risk = amount / 200 + 0.1 * items + np.where(channel == "web", 0.8, 0.0) + random.normal(0, 0.3, n)
    y = np.where(risk > 1.4, "returned", "kept")
    encoder = OneHotEncoder(handle_unknown="ignore").fit(channel.reshape(-1, 1))
    hot = encoder.transform(channel.reshape(-1, 1)).toarray()
    x = np.hstack([amount.reshape(-1, 1), items.reshape(-1, 1), hot]).astype(np.float32)
    model = RandomForestClassifier(n_estimators=12, max_depth=4, random_state=3).fit(x, y)
    labels = [str(name) for name in model.classes_]
    trees = {key: [] for key in (
        "nodes_treeids nodes_nodeids nodes_featureids nodes_values nodes_modes nodes_truenodeids nodes_falsenodeids "
        "class_treeids class_nodeids class_ids class_weights").split()}
    for number, estimator in enumerate(model.estimators_):
        tree = estimator.tree_
        for node in range(tree.node_count):
            leaf = tree.children_left[node] < 0
            trees["nodes_treeids"].append(number)
            trees["nodes_nodeids"].append(node)
            trees["nodes_featureids"].append(0 if leaf else int(tree.feature[node]))
            # scikit-learn compares a float with a double: the largest float below decides alike.
            limit = np.float32(tree.threshold[node])
            if limit > tree.threshold[node]:
                limit = np.nextafter(limit, np.float32(-np.inf))
            trees["nodes_values"].append(0.0 if leaf else float(limit))
            trees["nodes_modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            trees["nodes_truenodeids"].append(0 if leaf else int(tree.children_left[node]))
            trees["nodes_falsenodeids"].append(0 if leaf else int(tree.children_right[node]))
            if leaf:
                # Of two labels the weights are those of the second, by the id 0: the first gets the rest.
                share = tree.value[node][0] / tree.value[node][0].sum() / len(model.estimators_)
                trees["class_treeids"].append(number)
                trees["class_nodeids"].append(node)
                trees["class_ids"].append(0)
                trees["class_weights"].append(float(share[1]))
    nodes = [
        helper.make_node("OneHotEncoder", ["channel"], ["hot3"], domain="ai.onnx.ml",
                         cats_strings=[str(c) for c in encoder.categories_[0]], zeros=1),
        helper.make_node("Reshape", ["hot3", "shape"], ["hot"]),
        helper.make_node("Cast", ["items"], ["items_float"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["amount", "items_float", "hot"], ["features"], axis=1),
        helper.make_node("TreeEnsembleClassifier", ["features"], ["label", "probabilities"], domain="ai.onnx.ml",
                         classlabels_strings=labels, post_transform="NONE", **trees),
    ]
    graph = helper.make_graph(
        nodes, "orders",
        [tensor("amount", TensorProto.FLOAT, [None, 1]),
         tensor("items", TensorProto.INT64, [None, 1]),
         tensor("channel", TensorProto.STRING, [None, 1])],
        [tensor("label", TensorProto.STRING, [None]), tensor("probabilities", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor("shape", TensorProto.INT64, [2], [-1, 3])])
    write("orders.onnx", graph)
    chosen = list(range(0, n, 10))
    said = model.predict_proba(x[chosen])
    outputs = {"expected": [labels[i] for i in said.argmax(axis=1)]}
    outputs.update({"expected." + label: [repr(float(v)) for v in said[:, i]] for i, label in enumerate(labels)})
    golden("orders.csv", ["amount", "items", "channel"],
           [[repr(float(str(amount[i]))), int(items[i]), channel[i]] for i in chosen], outputs, 1e-5)


def delivery():
    """A linear regression of two quantities by one tensor of doubles."""
    random = np.random.default_rng(11)
    x = np.round(random.uniform(0, 100, (200, 3)), 3)
    y = np.column_stack([x @ [0.5, -0.25, 2.0] + 7, x @ [1.5, 0.0, -1.0] - 3]) + random.normal(0, 0.5, (200, 2))
    model = LinearRegression().fit(x, y)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["features", "coefficients"], ["product"]),
         helper.make_node("Add", ["product", "intercepts"], ["quantities"])],
        "delivery",
        [tensor("features", TensorProto.DOUBLE, [None, 3])],
        [tensor("quantities", TensorProto.DOUBLE, [None, 2])],
        [helper.make_tensor("coefficients", TensorProto.DOUBLE, [3, 2], model.coef_.T.ravel().tolist()),
         helper.make_tensor("intercepts", TensorProto.DOUBLE, [2], model.intercept_.tolist())])
    write("delivery.onnx", graph)
    chosen = range(0, 200, 10)
    said = model.predict(x[chosen])
    golden("delivery.csv", ["distance", "weight", "stops"], x[chosen].tolist(),
           {"expected.minutes": said[:, 0].tolist(), "expected.cost": said[:, 1].tolist()}, 1e-5)


iris()
orders()
delivery()
