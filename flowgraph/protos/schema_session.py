"""A session's and a run's options.

`flowgraph.protos.build` explains the notation.
"""

SCHEMA = """
GPUOptions: 1 per_process_gpu_memory_fraction double, 4 allow_growth bool,
    2 allocator_type string, 3 deferred_deletion_bytes int64, 5 visible_device_list string,
    6 polling_active_delay_usecs int32, 7 polling_inactive_delay_msecs int32,
    8 force_gpu_compatible bool, 9 experimental Experimental
GPUOptions.Experimental: 1 virtual_devices *VirtualDevices,
    15 num_virtual_devices_per_gpu int32, 2 use_unified_memory bool,
    3 num_dev_to_dev_copy_streams int32, 4 collective_ring_order string,
    5 timestamped_allocator bool, 7 kernel_tracker_max_interval int32,
    8 kernel_tracker_max_bytes int32, 9 kernel_tracker_max_pending int32,
    10 internal_fragmentation_fraction double, 11 use_cuda_malloc_async bool,
    12 disallow_retry_on_allocation_failure bool, 13 gpu_host_mem_limit_in_mb float,
    14 gpu_host_mem_disallow_growth bool, 16 gpu_system_memory_size_in_mb int32,
    17 populate_pjrt_gpu_client_creation_info bool, 18 node_id int32,
    19 stream_merge_options StreamMergeOptions
GPUOptions.Experimental.VirtualDevices: 1 memory_limit_mb *float, 2 priority *int32,
    3 device_ordinal *int32
GPUOptions.Experimental.StreamMergeOptions: 1 merge_host_to_device_stream bool,
    2 merge_device_to_host_stream bool, 3 merge_device_to_device_stream bool
OptimizerOptions: 1 do_common_subexpression_elimination bool, 2 do_constant_folding bool,
    6 max_folded_constant_in_bytes int64, 4 do_function_inlining bool, 3 opt_level Level,
    5 global_jit_level GlobalJitLevel, 7 cpu_global_jit bool
enum OptimizerOptions.Level: L1, L0=-1
enum OptimizerOptions.GlobalJitLevel: DEFAULT, OFF=-1, ON_1=1, ON_2
GraphOptions: 2 enable_recv_scheduling bool, 3 optimizer_options OptimizerOptions,
    4 build_cost_model int64, 9 build_cost_model_after int64, 5 infer_shapes bool,
    6 place_pruned_graph bool, 7 enable_bfloat16_sendrecv bool, 8 timeline_step int32,
    10 rewrite_options RewriterConfig
ThreadPoolOptionProto: 1 num_threads int32, 2 global_name string
RPCOptions: 1 use_rpc_for_inprocess_master bool, 2 compression_algorithm string,
    3 compression_level int32, 4 cache_rpc_response bool,
    5 disable_session_connection_sharing bool, 6 num_channels_per_target int32
SessionMetadata: 1 name string, 2 version int64
JobDef: 1 name string, 2 tasks int32->string
ClusterDef: 1 job *JobDef
CoordinatedJob: 1 name string, 2 num_tasks int32
CoordinationServiceConfig: 1 service_type string, 2 service_leader string,
    3 enable_health_check bool, 4 cluster_register_timeout_in_ms int64,
    14 cluster_register_with_barrier bool, 5 heartbeat_timeout_in_ms int64,
    10 coordinated_job_list *CoordinatedJob, 7 shutdown_barrier_timeout_in_ms int64,
    8 agent_destruction_without_shutdown bool, 9 recoverable_jobs *string,
    11 allow_new_incarnation_to_reconnect bool, 12 force_disable bool,
    13 poll_for_error_from_service_at_startup bool
ConfigProto: 1 device_count string->int32, 2 intra_op_parallelism_threads int32,
    5 inter_op_parallelism_threads int32, 9 use_per_session_threads bool,
    12 session_inter_op_thread_pool *ThreadPoolOptionProto, 3 placement_period int32,
    4 device_filters *string, 6 gpu_options GPUOptions, 18 pluggable_device_options GPUOptions,
    7 allow_soft_placement bool, 8 log_device_placement bool, 10 graph_options GraphOptions,
    11 operation_timeout_in_ms int64, 13 rpc_options RPCOptions, 14 cluster_def ClusterDef,
    15 isolate_session_state bool, 17 share_cluster_devices_in_session bool,
    16 experimental Experimental
ConfigProto.Experimental: 1 collective_group_leader string, 3 executor_type string,
    4 recv_buf_max_chunk int32, 5 use_numa_affinity bool,
    6 collective_deterministic_sequential_execution bool, 7 collective_nccl bool,
    8 share_session_state_in_clusterspec_propagation bool, 9 disable_thread_spinning bool,
    10 share_cluster_devices_in_session bool, 11 session_metadata SessionMetadata,
    12 optimize_for_static_graph bool, 13 enable_mlir_bridge bool,
    17 mlir_bridge_rollout MlirBridgeRollout, 16 enable_mlir_graph_optimization bool,
    14 disable_output_partition_graphs bool, 15 xla_fusion_autotuner_thresh int64,
    18 use_tfrt bool, 27 enable_multi_host bool, 32 tfrt_use_ifrt bool,
    28 backend_server_port int32, 29 target_tpu bool, 30 target_gpu bool,
    31 stream_merge_threshold int32, 21 disable_functional_ops_lowering bool,
    22 xla_prefer_single_graph_cluster bool, 23 coordination_config CoordinationServiceConfig,
    24 disable_optimize_for_static_graph bool, 26 disable_eager_executor_streaming_enqueue bool,
    33 finalize_function_library_runtime bool, 34 finalize_resource_manager bool,
    35 tf2xla_dump_dir string, 36 online_cost_analysis bool
enum ConfigProto.Experimental.MlirBridgeRollout: MLIR_BRIDGE_ROLLOUT_UNSPECIFIED,
    MLIR_BRIDGE_ROLLOUT_ENABLED, MLIR_BRIDGE_ROLLOUT_DISABLED
DebugTensorWatch: 1 node_name string, 2 output_slot int32, 3 debug_ops *string,
    4 debug_urls *string, 5 tolerate_debug_op_creation_failures bool
DebugOptions: 4 debug_tensor_watch_opts *DebugTensorWatch, 10 global_step int64,
    11 reset_disk_byte_usage bool
RunOptions: 1 trace_level TraceLevel, 2 timeout_in_ms int64, 3 inter_op_thread_pool int32,
    5 output_partition_graphs bool, 6 debug_options DebugOptions,
    7 report_tensor_allocations_upon_oom bool, 8 experimental Experimental
enum RunOptions.TraceLevel: NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE
RunOptions.Experimental: 1 collective_graph_key int64, 2 use_run_handler_pool bool,
    3 run_handler_pool_options RunHandlerPoolOptions
RunOptions.Experimental.RunHandlerPoolOptions: 1 priority int64
AutoParallelOptions: 1 enable bool, 2 num_replicas int32
ScopedAllocatorOptions: 1 enable_op *string
VerifierConfig: 1 verification_timeout_in_ms int64, 2 structure_verifier Toggle
enum VerifierConfig.Toggle: DEFAULT, ON, OFF
RewriterConfig: 50 cpu_layout_conversion CpuLayout, 1 layout_optimizer Toggle,
    3 constant_folding Toggle, 13 shape_optimization Toggle, 14 remapping Toggle,
    24 common_subgraph_elimination Toggle, 7 arithmetic_optimization Toggle,
    8 dependency_optimization Toggle, 9 loop_optimization Toggle,
    10 function_optimization Toggle, 11 debug_stripper Toggle, 2 disable_model_pruning bool,
    15 scoped_allocator_optimization Toggle, 18 pin_to_host_optimization Toggle,
    22 implementation_selector Toggle, 23 auto_mixed_precision Toggle,
    25 auto_mixed_precision_mkl Toggle, 31 auto_mixed_precision_onednn_bfloat16 Toggle,
    29 auto_mixed_precision_cpu Toggle, 19 disable_meta_optimizer bool,
    32 disable_tfg_optimizer bool, 28 use_plugin_optimizers Toggle,
    30 experimental_conditional_code_motion Toggle,
    12 meta_optimizer_iterations NumIterationsType, 17 min_graph_nodes int32,
    26 experimental_disable_compressed_tensor_optimization bool,
    27 experimental_disable_folding_quantization_emulation bool,
    4 memory_optimization MemOptType, 6 memory_optimizer_target_node_name_scope string,
    20 meta_optimizer_timeout_ms int64, 5 auto_parallel AutoParallelOptions,
    21 fail_on_optimizer_errors bool, 16 scoped_allocator_opts ScopedAllocatorOptions,
    100 optimizers *string, 200 custom_optimizers *CustomGraphOptimizer,
    300 inter_optimizer_verifier_config VerifierConfig,
    301 post_optimization_verifier_config VerifierConfig
enum RewriterConfig.Toggle: DEFAULT, ON, OFF, AGGRESSIVE, EXPERIMENTAL_MLIR, EXPERIMENTAL_BOTH
enum RewriterConfig.CpuLayout: NO_CONVERSION_ON_CPU, NCHW_TO_NHWC, NHWC_TO_NCHW
enum RewriterConfig.NumIterationsType: DEFAULT_NUM_ITERS, ONE, TWO
enum RewriterConfig.MemOptType: DEFAULT_MEM_OPT, NO_MEM_OPT, MANUAL, HEURISTICS,
    SWAPPING_HEURISTICS, RECOMPUTATION_HEURISTICS, SCHEDULING_HEURISTICS
RewriterConfig.CustomGraphOptimizer: 1 name string, 2 parameter_map string->AttrValue
"""

ERROR_SCHEMA = """
enum Code: OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND,
    ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED,
    OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED,
    DO_NOT_USE_RESERVED_FOR_FUTURE_EXPANSION_USE_DEFAULT_IN_SWITCH_INSTEAD_=20
"""
