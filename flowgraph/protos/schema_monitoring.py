"""Measurements of a run, summaries and events.

`flowgraph.protos.build` explains the notation.
"""

SCHEMA = """
SpriteMetadata: 1 image_path string, 2 single_image_dim *uint32
EmbeddingInfo: 1 tensor_name string, 2 metadata_path string, 3 bookmarks_path string,
    4 tensor_shape *uint32, 5 sprite SpriteMetadata, 6 tensor_path string
ProjectorConfig: 1 model_checkpoint_path string, 2 embeddings *EmbeddingInfo,
    3 model_checkpoint_dir string
AllocationDescription: 1 requested_bytes int64, 2 allocated_bytes int64,
    3 allocator_name string, 4 allocation_id int64, 5 has_single_reference bool, 6 ptr uint64
TensorDescription: 1 dtype DataType, 2 shape TensorShapeProto,
    4 allocation_description AllocationDescription
AllocationRecord: 1 alloc_micros int64, 2 alloc_bytes int64
AllocatorMemoryUsed: 1 allocator_name string, 2 total_bytes int64, 3 peak_bytes int64,
    4 live_bytes int64, 6 allocation_records *AllocationRecord, 5 allocator_bytes_in_use int64
NodeOutput: 1 slot int32, 3 tensor_description TensorDescription
MemoryStats: 1 temp_memory_size int64, 3 persistent_memory_size int64,
    5 persistent_tensor_alloc_ids *int64, 2 device_temp_memory_size int64,
    4 device_persistent_memory_size int64, 6 device_persistent_tensor_alloc_ids *int64
NodeExecStats: 1 node_name string, 2 all_start_micros int64, 3 op_start_rel_micros int64,
    4 op_end_rel_micros int64, 5 all_end_rel_micros int64, 6 memory *AllocatorMemoryUsed,
    7 output *NodeOutput, 8 timeline_label string, 9 scheduled_micros int64,
    10 thread_id uint32, 11 referenced_tensor *AllocationDescription,
    12 memory_stats MemoryStats, 13 all_start_nanos int64, 14 op_start_rel_nanos int64,
    15 op_end_rel_nanos int64, 16 all_end_rel_nanos int64, 17 scheduled_nanos int64
DeviceStepStats: 1 device string, 2 node_stats *NodeExecStats, 3 thread_names uint32->string
StepStats: 1 dev_stats *DeviceStepStats
CostGraphDef: 1 node *Node, 2 cost *AggregatedCost
CostGraphDef.Node: 1 name string, 2 device string, 3 id int32, 4 input_info *InputInfo,
    5 output_info *OutputInfo, 6 temporary_memory_size int64, 12 persistent_memory_size int64,
    10 host_temp_memory_size int64, 11 device_temp_memory_size int64,
    16 device_persistent_memory_size int64, 9 compute_cost int64, 14 compute_time int64,
    15 memory_time int64, 7 is_final bool, 8 control_input *int32, 17 inaccurate bool
CostGraphDef.Node.InputInfo: 1 preceding_node int32, 2 preceding_port int32
CostGraphDef.Node.OutputInfo: 1 size int64, 2 alias_input_port int64, 3 shape TensorShapeProto,
    4 dtype DataType
CostGraphDef.AggregatedCost: 1 cost float, 2 dimension string
RunMetadata: 1 step_stats StepStats, 2 cost_graph CostGraphDef, 3 partition_graphs *GraphDef,
    4 function_graphs *FunctionGraphs, 5 session_metadata SessionMetadata
RunMetadata.FunctionGraphs: 1 partition_graphs *GraphDef, 2 pre_optimization_graph GraphDef,
    3 post_optimization_graph GraphDef
enum DataClass: DATA_CLASS_UNKNOWN, DATA_CLASS_SCALAR, DATA_CLASS_TENSOR,
    DATA_CLASS_BLOB_SEQUENCE
SummaryMetadata: 1 plugin_data PluginData, 2 display_name string, 3 summary_description string,
    4 data_class DataClass
SummaryMetadata.PluginData: 1 plugin_name string, 2 content bytes
SummaryDescription: 1 type_hint string
HistogramProto: 1 min double, 2 max double, 3 num double, 4 sum double, 5 sum_squares double,
    6 bucket_limit *double, 7 bucket *double
Summary: 1 value *Value
Summary.Image: 1 height int32, 2 width int32, 3 colorspace int32, 4 encoded_image_string bytes
Summary.Audio: 1 sample_rate float, 2 num_channels int64, 3 length_frames int64,
    4 encoded_audio_string bytes, 5 content_type string
Summary.Value: 7 node_name string, 1 tag string, 9 metadata SummaryMetadata,
    2 simple_value float |value, 3 obsolete_old_style_histogram bytes |value,
    4 image Image |value, 5 histo HistogramProto |value, 6 audio Audio |value,
    8 tensor TensorProto |value
LogMessage: 1 level Level, 2 message string
enum LogMessage.Level: UNKNOWN, DEBUGGING=10, INFO=20, WARN=30, ERROR=40, FATAL=50
SessionLog: 1 status SessionStatus, 2 checkpoint_path string, 3 msg string
enum SessionLog.SessionStatus: STATUS_UNSPECIFIED, START, STOP, CHECKPOINT
TaggedRunMetadata: 1 tag string, 2 run_metadata bytes
SourceMetadata: 1 writer string
Event: 1 wall_time double, 2 step int64, 3 file_version string |what, 4 graph_def bytes |what,
    5 summary Summary |what, 6 log_message LogMessage |what, 7 session_log SessionLog |what,
    8 tagged_run_metadata TaggedRunMetadata |what, 9 meta_graph_def bytes |what,
    10 source_metadata SourceMetadata
"""
