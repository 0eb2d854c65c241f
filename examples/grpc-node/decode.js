// Decodes a latents file over gRPC. Usage: node decode.js ADDRESS LATENTS.safetensors PICTURE.png
"use strict";
const fs = require("fs");
const path = require("path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const proto = path.join(__dirname, "..", "..", "proto", "src", "main", "proto");
const definition = loader.loadSync("consistencydecoder/v1/decoder.proto", {
  includeDirs: [proto],
  keepCase: true,
  longs: String,
  arrays: true,
  oneofs: true,
});
const { DecoderService } = grpc.loadPackageDefinition(definition).consistencydecoder.v1;

const DATA_TYPES = { F32: "DATA_TYPE_FLOAT32", F16: "DATA_TYPE_FLOAT16", BF16: "DATA_TYPE_BFLOAT16" };
const SCALES = { scaled: "LATENT_SCALE_SCALED", unscaled: "LATENT_SCALE_UNSCALED" };

const RETRY = {
  methodConfig: [
    {
      name: [{ service: "consistencydecoder.v1.DecoderService" }],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.5s",
        maxBackoff: "10s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
      },
    },
  ],
};

// The tensor "latents" of a safetensors file: u64 length, JSON header, data.
function latents(file) {
  const content = fs.readFileSync(file);
  const data = 8 + Number(content.readBigUInt64LE(0));
  const header = JSON.parse(content.subarray(8, data).toString("utf8"));
  const { dtype, shape, data_offsets: [start, end] } = header.latents;
  return {
    tensor: { data_type: DATA_TYPES[dtype], shape, data: content.subarray(data + start, data + end) },
    scale: SCALES[header.__metadata__.scale],
  };
}

const [address, source, picture] = process.argv.slice(2);
const request = {
  latents: latents(source),
  noise: { seed: "42" },
  format: "PICTURE_FORMAT_PNG",
};
// A latent is 8 by 8 pixels of three bytes, and 4 numbers; a PNG is hardly ever larger than its pixels.
const pixelBytes = (request.latents.tensor.shape.reduce((product, n) => product * n, 1) / 4) * 64 * 3;
const client = new DecoderService(address, grpc.credentials.createInsecure(), {
  "grpc.max_receive_message_length": 2 * pixelBytes + (1 << 20),
  "grpc.service_config": JSON.stringify(RETRY),
  // Whatever http_proxy says: no proxy leads back to this machine.
  "grpc.enable_http_proxy": /^(unix:|localhost(:|$)|127\.|\[::1\])/.test(address) ? 0 : 1,
});
client.Decode(request, { deadline: Date.now() + 600000 }, (error, answer) => {
  client.close();
  if (error) {
    console.error(`refused: ${grpc.status[error.code]}: ${error.details}`);
    process.exitCode = 1;
    return;
  }
  answer.report.warnings.forEach((warning) => console.error("warning:", warning));
  fs.writeFileSync(picture, answer.pictures.files.values[0]);
  console.log(picture);
});
