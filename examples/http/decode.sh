#!/bin/sh
# Decodes a latents file over HTTP with curl. Usage: decode.sh ADDRESS LATENTS.safetensors PICTURE.png
set -eu
address=${1:-http://127.0.0.1:8000}
latents=$2
picture=$3

# --fail-with-body keeps what the server says when it refuses: {"error": "a sentence"}.
curl --silent --show-error --fail-with-body --max-time 600 --max-filesize 100M --noproxy "localhost,127.0.0.1,::1,${no_proxy:-}" \
  --header 'Content-Type: application/safetensors' \
  --header 'Accept: image/png' \
  --data-binary "@$latents" \
  --output "$picture" \
  "${address%/}/?output_type=pil&image_format=png&seed=42"
