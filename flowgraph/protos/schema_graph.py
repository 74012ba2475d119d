"""Tensors, attributes, nodes, functions and graphs.

`flowgraph.protos.build` explains the notation.
"""

SCHEMA = """
enum DataType: DT_INVALID, DT_FLOAT, DT_DOUBLE, DT_INT32, DT_UINT8, DT_INT16, DT_INT8,
    DT_STRING, DT_COMPLEX64, DT_INT64, DT_BOOL, DT_QINT8, DT_QUINT8, DT_QINT32, DT_BFLOAT16,
    DT_QINT16, DT_QUINT16, DT_UINT16, DT_COMPLEX128, DT_HALF, DT_RESOURCE, DT_VARIANT,
    DT_UINT32, DT_UINT64, DT_FLOAT8_E5M2, DT_FLOAT8_E4M3FN, DT_FLOAT8_E4M3FNUZ,
    DT_FLOAT8_E4M3B11FNUZ, DT_FLOAT8_E5M2FNUZ, DT_INT4, DT_UINT4, DT_INT2, DT_UINT2,
    DT_FLOAT4_E2M1FN, DT_FLOAT_REF=101, DT_DOUBLE_REF, DT_INT32_REF, DT_UINT8_REF, DT_INT16_REF,
    DT_INT8_REF, DT_STRING_REF, DT_COMPLEX64_REF, DT_INT64_REF, DT_BOOL_REF, DT_QINT8_REF,
    DT_QUINT8_REF, DT_QINT32_REF, DT_BFLOAT16_REF, DT_QINT16_REF, DT_QUINT16_REF, DT_UINT16_REF,
    DT_COMPLEX128_REF, DT_HALF_REF, DT_RESOURCE_REF, DT_VARIANT_REF, DT_UINT32_REF,
    DT_UINT64_REF, DT_FLOAT8_E5M2_REF, DT_FLOAT8_E4M3FN_REF, DT_FLOAT8_E4M3FNUZ_REF,
    DT_FLOAT8_E4M3B11FNUZ_REF, DT_FLOAT8_E5M2FNUZ_REF, DT_INT4_REF, DT_UINT4_REF, DT_INT2_REF,
    DT_UINT2_REF, DT_FLOAT4_E2M1FN_REF
TensorShapeProto: 2 dim *Dim, 3 unknown_rank bool
TensorShapeProto.Dim: 1 size int64, 2 name string
TensorProto: 1 dtype DataType, 2 tensor_shape TensorShapeProto, 3 version_number int32,
    4 tensor_content bytes, 13 half_val *int32, 5 float_val *float, 6 double_val *double,
    7 int_val *int32, 8 string_val *bytes, 9 scomplex_val *float, 10 int64_val *int64,
    11 bool_val *bool, 12 dcomplex_val *double, 14 resource_handle_val *ResourceHandleProto,
    15 variant_val *VariantTensorDataProto, 16 uint32_val *uint32, 17 uint64_val *uint64,
    18 float8_val bytes
VariantTensorDataProto: 1 type_name string, 2 metadata bytes, 3 tensors *TensorProto
ResourceHandleProto: 1 device string, 2 container string, 3 name string, 4 hash_code uint64,
    5 maybe_type_name string, 6 dtypes_and_shapes *DtypeAndShape
ResourceHandleProto.DtypeAndShape: 1 dtype DataType, 2 shape TensorShapeProto
AttrValue: 2 s bytes |value, 3 i int64 |value, 4 f float |value, 5 b bool |value,
    6 type DataType |value, 7 shape TensorShapeProto |value, 8 tensor TensorProto |value,
    1 list ListValue |value, 10 func NameAttrList |value, 9 placeholder string |value
AttrValue.ListValue: 2 s *bytes, 3 i *int64, 4 f *float, 5 b *bool, 6 type *DataType,
    7 shape *TensorShapeProto, 8 tensor *TensorProto, 9 func *NameAttrList
NameAttrList: 1 name string, 2 attr string->AttrValue
enum FullTypeId: TFT_UNSET, TFT_VAR, TFT_ANY, TFT_PRODUCT, TFT_NAMED, TFT_FOR_EACH=20,
    TFT_CALLABLE=100, TFT_BOOL=200, TFT_UINT8, TFT_UINT16, TFT_UINT32, TFT_UINT64, TFT_INT8,
    TFT_INT16, TFT_INT32, TFT_INT64, TFT_HALF, TFT_FLOAT, TFT_DOUBLE, TFT_COMPLEX64,
    TFT_COMPLEX128, TFT_STRING, TFT_BFLOAT16, TFT_TENSOR=1000, TFT_ARRAY, TFT_OPTIONAL,
    TFT_LITERAL, TFT_ENCODED, TFT_SHAPE_TENSOR, TFT_DATASET=10102, TFT_RAGGED, TFT_ITERATOR,
    TFT_MUTEX_LOCK=10202, TFT_LEGACY_VARIANT
FullTypeDef: 1 type_id FullTypeId, 2 args *FullTypeDef, 3 s string |attr, 4 i int64 |attr
NodeDef: 1 name string, 2 op string, 3 input *string, 4 device string, 5 attr string->AttrValue,
    6 experimental_debug_info ExperimentalDebugInfo, 7 experimental_type FullTypeDef
NodeDef.ExperimentalDebugInfo: 1 original_node_names *string, 2 original_func_names *string
OpDef: 1 name string, 2 input_arg *ArgDef, 3 output_arg *ArgDef, 20 control_output *string,
    4 attr *AttrDef, 8 deprecation OpDeprecation, 5 summary string, 6 description string,
    18 is_commutative bool, 16 is_aggregate bool, 17 is_stateful bool,
    19 allows_uninitialized_input bool, 21 is_distributed_communication bool
OpDef.ArgDef: 1 name string, 2 description string, 3 type DataType, 4 type_attr string,
    5 number_attr string, 6 type_list_attr string,
    7 handle_data *ResourceHandleProto.DtypeAndShape, 16 is_ref bool,
    17 experimental_full_type FullTypeDef
OpDef.AttrDef: 1 name string, 2 type string, 3 default_value AttrValue, 4 description string,
    5 has_minimum bool, 6 minimum int64, 7 allowed_values AttrValue
OpDeprecation: 1 version int32, 2 explanation string
OpList: 1 op *OpDef
FunctionDef: 1 signature OpDef, 5 attr string->AttrValue, 7 arg_attr uint32->ArgAttrs,
    8 resource_arg_unique_id uint32->uint32, 3 node_def *NodeDef, 4 ret string->string,
    6 control_ret string->string
FunctionDef.ArgAttrs: 1 attr string->AttrValue
FunctionDefLibrary: 1 function *FunctionDef, 2 gradient *GradientDef,
    3 registered_gradients *RegisteredGradient
GradientDef: 1 function_name string, 2 gradient_func string
RegisteredGradient: 1 gradient_func string, 2 registered_op_type string
VersionDef: 1 producer int32, 2 min_consumer int32, 3 bad_consumers *int32
GraphDef: 1 node *NodeDef, 4 versions VersionDef, 3 version int32, 2 library FunctionDefLibrary
"""
