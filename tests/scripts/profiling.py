"""Where the time goes: a full trace as a timeline; and what devices there are."""

import json

import tensorflow as tf
from tensorflow.python.client import device_lib, timeline
from tensorflow.python.lib.io import file_io
from tensorflow.python.ops import control_flow_ops

random_matrix = tf.random_normal([60, 60], seed=1)
product = tf.matmul(random_matrix, random_matrix, name="product")
counter = tf.Variable(0)
with_update = control_flow_ops.with_dependencies([tf.assign_add(counter, 1)], product)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    run_metadata = tf.RunMetadata()
    sess.run(with_update, options=options, run_metadata=run_metadata)
    fetched_timeline = timeline.Timeline(run_metadata.step_stats)
    chrome_trace = fetched_timeline.generate_chrome_trace_format(show_memory=True)
    with open("timeline.json", "w") as f:
        f.write(chrome_trace)
    count = int(sess.run(counter))
    listed = sess.list_devices()[0].device_type

with open("timeline.json") as f:
    events = json.load(f)["traceEvents"]
devices = [d.name for d in device_lib.list_local_devices() if d.device_type == "CPU"]
file_io.write_string_to_file("note.txt", "text")
print(
    json.dumps(
        {
            "ops": sorted({e["name"] for e in events if e.get("ph") == "X"}),
            "names": sorted(
                {
                    e["args"]["name"]
                    for e in events
                    if e.get("ph") == "X" and "name" in e.get("args", {})
                }
            ),
            "devices": devices,
            "count": count,
            "note": file_io.read_file_to_string("note.txt"),
            "exists": file_io.file_exists("note.txt"),
            "listed": listed,
        }
    )
)
