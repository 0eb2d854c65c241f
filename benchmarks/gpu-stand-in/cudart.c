/* CUDA's runtime with one device that computes nothing: it hands out memory and counts it, copies what comes back, and looks at how
 * kernels are launched. SIM_VERBOSE=1 says every allocation; at the end it says the most that was held. While the file that SIM_FULL names
 * exists, there is no memory; once the file that SIM_LOST names exists, every launch fails as after an illegal access. */
#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEVICE_BYTES 80000000000ul

struct block {
  void *at;
  size_t bytes;
  struct block *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *blocks;
static size_t held, most, allocations, launches, refused;

static int planted(const char *name) {
  const char *file = getenv(name);
  return file != NULL && access(file, F_OK) == 0;
}

static int verbose(void) { return getenv("SIM_VERBOSE") != NULL; }

__attribute__((destructor)) static void report(void) {
  fprintf(stderr, "stand-in: at most %.1f MB of the device, %zu allocations, %zu launches, %zu of them not possible\n", most / 1e6, allocations,
          launches, refused);
}

/* Address space only: pages that nothing touches cost nothing. */
static cudaError_t take(void **at, size_t bytes) {
  if (held + bytes > DEVICE_BYTES || planted("SIM_FULL")) return cudaErrorMemoryAllocation;
  size_t mapped = bytes ? bytes : 1;
  void *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return cudaErrorMemoryAllocation;
  struct block *b = malloc(sizeof *b);
  pthread_mutex_lock(&lock);
  *b = (struct block){p, bytes, blocks};
  blocks = b;
  held += bytes;
  allocations++;
  if (held > most) most = held;
  pthread_mutex_unlock(&lock);
  if (verbose()) fprintf(stderr, "stand-in: takes %.3f MB, holds %.1f\n", bytes / 1e6, held / 1e6);
  *at = p;
  return cudaSuccess;
}

static cudaError_t give(void *at) {
  pthread_mutex_lock(&lock);
  for (struct block **b = &blocks; *b; b = &(*b)->next) {
    struct block *found = *b;
    if (found->at == at) {
      *b = found->next;
      held -= found->bytes;
      if (verbose()) fprintf(stderr, "stand-in: gives %.3f MB back, holds %.1f\n", found->bytes / 1e6, held / 1e6);
      munmap(at, found->bytes ? found->bytes : 1);
      free(found);
      break;
    }
  }
  pthread_mutex_unlock(&lock);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void **at, size_t bytes) { return take(at, bytes); }
cudaError_t cudaMallocFromPoolAsync(void **at, size_t bytes, cudaMemPool_t pool, cudaStream_t stream) { return take(at, bytes); }
cudaError_t cudaFree(void *at) { return give(at); }
cudaError_t cudaFreeAsync(void *at, cudaStream_t stream) { return give(at); }
cudaError_t cudaMemGetInfo(size_t *left, size_t *all) {
  *all = DEVICE_BYTES;
  *left = DEVICE_BYTES - held;
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void **at, size_t bytes, unsigned flags) { return (*at = malloc(bytes ? bytes : 1)) ? cudaSuccess : cudaErrorMemoryAllocation; }
cudaError_t cudaMallocHost(void **at, size_t bytes) { return cudaHostAlloc(at, bytes, 0); }
cudaError_t cudaFreeHost(void *at) {
  free(at);
  return cudaSuccess;
}

/* Weights are not copied to where nothing reads them. */
static cudaError_t copy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind) {
  if (kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyHostToHost) memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind) { return copy(to, from, bytes, kind); }
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream) { return copy(to, from, bytes, kind); }

cudaError_t cudaGetDeviceCount(int *count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int *device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }
cudaError_t cudaDriverGetVersion(int *version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int *version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

/* Those of an H100. */
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device) {
  memset(p, 0, sizeof *p);
  strcpy(p->name, "stand-in");
  p->totalGlobalMem = DEVICE_BYTES;
  p->major = 9;
  p->multiProcessorCount = 132;
  p->warpSize = 32;
  p->maxThreadsPerBlock = 1024;
  p->maxThreadsPerMultiProcessor = 2048;
  p->maxBlocksPerMultiProcessor = 32;
  p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
  p->maxThreadsDim[2] = 64;
  p->maxGridSize[0] = 2147483647;
  p->maxGridSize[1] = p->maxGridSize[2] = 65535;
  p->regsPerBlock = p->regsPerMultiprocessor = 65536;
  p->totalConstMem = 65536;
  p->sharedMemPerBlock = 49152;
  p->sharedMemPerBlockOptin = 232448;
  p->sharedMemPerMultiprocessor = 233472;
  p->l2CacheSize = 50 << 20;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device) {
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock: *value = 1024; break;
    case cudaDevAttrMultiProcessorCount: *value = 132; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *value = 2048; break;
    case cudaDevAttrComputeCapabilityMajor: *value = 9; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = 49152; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = 232448; break;
    case cudaDevAttrWarpSize: *value = 32; break;
    default: *value = 0;
  }
  return cudaSuccess;
}

/* Handles only have to be something. */
static char handle[64];
cudaError_t cudaEventCreate(cudaEvent_t *event) {
  *event = (cudaEvent_t)handle;
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) { return cudaEventCreate(event); }
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to) {
  *ms = 1;
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
  *stream = (cudaStream_t)handle;
  return cudaSuccess;
}
const char *cudaGetErrorName(cudaError_t error) { return error == cudaErrorIllegalAddress ? "cudaErrorIllegalAddress" : "stand-in"; }
const char *cudaGetErrorString(cudaError_t error) { return "an error of the stand-in"; }

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *attributes, const void *function) {
  memset(attributes, 0, sizeof *attributes);
  attributes->maxThreadsPerBlock = 1024;
  attributes->numRegs = 32;
  return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocksOfOne, const void *function, int threads, size_t shared, unsigned flags) {
  *blocksOfOne = 2;
  return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *data) {
  function(data);
  return cudaSuccess;
}

static cudaError_t state(void) { return planted("SIM_LOST") ? cudaErrorIllegalAddress : cudaSuccess; }
cudaError_t cudaGetLastError(void) { return state(); }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return state(); }

static void look(dim3 grid, dim3 block, size_t shared) {
  launches++;
  unsigned long threads = (unsigned long)block.x * block.y * block.z;
  if (!grid.x || grid.x > 2147483647u || !grid.y || grid.y > 65535 || !grid.z || grid.z > 65535 || !threads || threads > 1024 || shared > 232448) {
    refused++;
    fprintf(stderr, "stand-in: no device could launch %u,%u,%u blocks of %u,%u,%u threads with %zu bytes\n", grid.x, grid.y, grid.z, block.x, block.y,
            block.z, shared);
  }
}

static __thread struct {
  dim3 grid, block;
  size_t shared;
  void *stream;
} pushed;
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, struct CUstream_st *stream) {
  pushed.grid = grid;
  pushed.block = block;
  pushed.shared = shared;
  pushed.stream = stream;
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream) {
  *grid = pushed.grid;
  *block = pushed.block;
  *shared = pushed.shared;
  *(void **)stream = pushed.stream;
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments, size_t shared, cudaStream_t stream) {
  look(grid, block, shared);
  return state();
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *launch, const void *function, void **arguments) {
  look(launch->gridDim, launch->blockDim, launch->dynamicSmemBytes);
  return state();
}
cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *function) {
  *kernel = (cudaKernel_t)function;
  return cudaSuccess;
}
void **__cudaRegisterFatBinary(void *binary) {
  static void *registered;
  return &registered;
}
