/* cuDNN that knows one way to compute everything, without workspace, and does nothing when told to. */
#include <cudnn.h>
#include <stdlib.h>
#include <string.h>

static char handle[64];

size_t cudnnGetVersion(void) { return CUDNN_VERSION; }
const char *cudnnGetErrorString(cudnnStatus_t status) { return "an error of the stand-in"; }
void cudnnGetLastErrorString(char *text, size_t size) {
  if (size) *text = 0;
}
cudnnStatus_t cudnnCreate(cudnnHandle_t *created) {
  *created = (cudnnHandle_t)handle;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetStream(cudnnHandle_t of, cudaStream_t *stream) {
  *stream = (cudaStream_t)handle;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *descriptor) {
  *descriptor = malloc(1);
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  free(descriptor);
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                       int64_t wanted, int64_t *count, void *values) {
  int none = name == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE || name == CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE || name == CUDNN_ATTR_ENGINE_KNOB_INFO ||
             name == CUDNN_ATTR_ENGINECFG_KNOB_CHOICES;
  if (count) *count = none ? 0 : 1;
  if (!none && values && wanted > 0 && type == CUDNN_TYPE_INT64) memset(values, 0, sizeof(int64_t));
  if (!none && values && wanted > 0 && type == CUDNN_TYPE_INT32) memset(values, 0, sizeof(int32_t));
  return CUDNN_STATUS_SUCCESS;
}
