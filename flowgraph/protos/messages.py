"""TensorFlow's messages as classes, and its enums.

The classes come into being at run time, so static checkers see `Any`.
"""

from __future__ import annotations

from typing import Any

from flowgraph.protos.build import enum_class, message_class

__all__ = [
    "AllocationDescription",
    "AllocationRecord",
    "AllocatorMemoryUsed",
    "AssetFileDef",
    "AttrValue",
    "AutoParallelOptions",
    "BundleEntryProto",
    "BundleHeaderProto",
    "BytesList",
    "CheckpointState",
    "ClusterDef",
    "CollectionDef",
    "CondContextDef",
    "ConfigProto",
    "ControlFlowContextDef",
    "CoordinatedJob",
    "CoordinationServiceConfig",
    "CostGraphDef",
    "DataClass",
    "DataType",
    "DebugOptions",
    "DebugTensorWatch",
    "DeviceStepStats",
    "EmbeddingInfo",
    "ErrorCode",
    "Event",
    "Example",
    "Feature",
    "FeatureList",
    "FeatureLists",
    "Features",
    "FloatList",
    "FullTypeDef",
    "FullTypeId",
    "FunctionDef",
    "FunctionDefLibrary",
    "GPUOptions",
    "GradientDef",
    "GraphDef",
    "GraphOptions",
    "HistogramProto",
    "Int64List",
    "JobDef",
    "LogMessage",
    "MemoryStats",
    "MetaGraphDef",
    "NameAttrList",
    "NodeDef",
    "NodeExecStats",
    "NodeOutput",
    "OpDef",
    "OpDeprecation",
    "OpList",
    "OptimizerOptions",
    "ProjectorConfig",
    "QueueRunnerDef",
    "RPCOptions",
    "ReaderBaseState",
    "RegisteredGradient",
    "ResourceHandleProto",
    "RewriterConfig",
    "RunMetadata",
    "RunOptions",
    "SaveSliceInfoDef",
    "SavedModel",
    "SaverDef",
    "ScopedAllocatorOptions",
    "SequenceExample",
    "SessionLog",
    "SessionMetadata",
    "SignatureDef",
    "SourceMetadata",
    "SpriteMetadata",
    "StepStats",
    "Summary",
    "SummaryDescription",
    "SummaryMetadata",
    "TaggedRunMetadata",
    "TensorDescription",
    "TensorInfo",
    "TensorProto",
    "TensorShapeProto",
    "TensorSliceProto",
    "ThreadPoolOptionProto",
    "ValuesDef",
    "VariableAggregation",
    "VariableDef",
    "VariableSynchronization",
    "VariantTensorDataProto",
    "VerifierConfig",
    "VersionDef",
    "WhileContextDef",
]

DataType: Any = enum_class("DataType")
FullTypeId: Any = enum_class("FullTypeId")
VariableSynchronization: Any = enum_class("VariableSynchronization")
VariableAggregation: Any = enum_class("VariableAggregation")
DataClass: Any = enum_class("DataClass")
ErrorCode: Any = enum_class("error.Code")

TensorShapeProto: Any = message_class("TensorShapeProto")
TensorProto: Any = message_class("TensorProto")
VariantTensorDataProto: Any = message_class("VariantTensorDataProto")
ResourceHandleProto: Any = message_class("ResourceHandleProto")
AttrValue: Any = message_class("AttrValue")
NameAttrList: Any = message_class("NameAttrList")
FullTypeDef: Any = message_class("FullTypeDef")
NodeDef: Any = message_class("NodeDef")
OpDef: Any = message_class("OpDef")
OpDeprecation: Any = message_class("OpDeprecation")
OpList: Any = message_class("OpList")
FunctionDef: Any = message_class("FunctionDef")
FunctionDefLibrary: Any = message_class("FunctionDefLibrary")
GradientDef: Any = message_class("GradientDef")
RegisteredGradient: Any = message_class("RegisteredGradient")
VersionDef: Any = message_class("VersionDef")
GraphDef: Any = message_class("GraphDef")

MetaGraphDef: Any = message_class("MetaGraphDef")
CollectionDef: Any = message_class("CollectionDef")
SignatureDef: Any = message_class("SignatureDef")
TensorInfo: Any = message_class("TensorInfo")
AssetFileDef: Any = message_class("AssetFileDef")
SaverDef: Any = message_class("SaverDef")
VariableDef: Any = message_class("VariableDef")
SaveSliceInfoDef: Any = message_class("SaveSliceInfoDef")
CheckpointState: Any = message_class("CheckpointState")
BundleHeaderProto: Any = message_class("BundleHeaderProto")
BundleEntryProto: Any = message_class("BundleEntryProto")
TensorSliceProto: Any = message_class("TensorSliceProto")
ValuesDef: Any = message_class("ValuesDef")
ControlFlowContextDef: Any = message_class("ControlFlowContextDef")
CondContextDef: Any = message_class("CondContextDef")
WhileContextDef: Any = message_class("WhileContextDef")
QueueRunnerDef: Any = message_class("QueueRunnerDef")
SavedModel: Any = message_class("SavedModel")

GPUOptions: Any = message_class("GPUOptions")
OptimizerOptions: Any = message_class("OptimizerOptions")
GraphOptions: Any = message_class("GraphOptions")
ThreadPoolOptionProto: Any = message_class("ThreadPoolOptionProto")
RPCOptions: Any = message_class("RPCOptions")
SessionMetadata: Any = message_class("SessionMetadata")
JobDef: Any = message_class("JobDef")
ClusterDef: Any = message_class("ClusterDef")
CoordinatedJob: Any = message_class("CoordinatedJob")
CoordinationServiceConfig: Any = message_class("CoordinationServiceConfig")
ConfigProto: Any = message_class("ConfigProto")
DebugTensorWatch: Any = message_class("DebugTensorWatch")
DebugOptions: Any = message_class("DebugOptions")
RunOptions: Any = message_class("RunOptions")
AutoParallelOptions: Any = message_class("AutoParallelOptions")
ScopedAllocatorOptions: Any = message_class("ScopedAllocatorOptions")
VerifierConfig: Any = message_class("VerifierConfig")
RewriterConfig: Any = message_class("RewriterConfig")

AllocationDescription: Any = message_class("AllocationDescription")
TensorDescription: Any = message_class("TensorDescription")
AllocationRecord: Any = message_class("AllocationRecord")
AllocatorMemoryUsed: Any = message_class("AllocatorMemoryUsed")
NodeOutput: Any = message_class("NodeOutput")
MemoryStats: Any = message_class("MemoryStats")
NodeExecStats: Any = message_class("NodeExecStats")
DeviceStepStats: Any = message_class("DeviceStepStats")
StepStats: Any = message_class("StepStats")
CostGraphDef: Any = message_class("CostGraphDef")
RunMetadata: Any = message_class("RunMetadata")
SummaryMetadata: Any = message_class("SummaryMetadata")
SummaryDescription: Any = message_class("SummaryDescription")
HistogramProto: Any = message_class("HistogramProto")
Summary: Any = message_class("Summary")
LogMessage: Any = message_class("LogMessage")
SessionLog: Any = message_class("SessionLog")
TaggedRunMetadata: Any = message_class("TaggedRunMetadata")
SourceMetadata: Any = message_class("SourceMetadata")
Event: Any = message_class("Event")
SpriteMetadata: Any = message_class("SpriteMetadata")
EmbeddingInfo: Any = message_class("EmbeddingInfo")
ProjectorConfig: Any = message_class("ProjectorConfig")

BytesList: Any = message_class("BytesList")
FloatList: Any = message_class("FloatList")
Int64List: Any = message_class("Int64List")
Feature: Any = message_class("Feature")
Features: Any = message_class("Features")
FeatureList: Any = message_class("FeatureList")
FeatureLists: Any = message_class("FeatureLists")
Example: Any = message_class("Example")
SequenceExample: Any = message_class("SequenceExample")
ReaderBaseState: Any = message_class("ReaderBaseState")
