// Makes the bucket of STATEWIRE_CHECKPOINT_STORE, unless it is there.
import { Client } from "minio";

const endpoint = new URL(process.env.STATEWIRE_S3_ENDPOINT ?? "");
const bucket = new URL(process.env.STATEWIRE_CHECKPOINT_STORE ?? "").hostname;
const isTls = endpoint.protocol === "https:";
const client = new Client({
  endPoint: endpoint.hostname,
  port: Number(endpoint.port) || (isTls ? 443 : 80),
  useSSL: isTls,
  accessKey: process.env.AWS_ACCESS_KEY_ID ?? "",
  secretKey: process.env.AWS_SECRET_ACCESS_KEY ?? "",
});
if (await client.bucketExists(bucket)) {
  console.log(`bucket ${bucket} is there`);
} else {
  await client.makeBucket(bucket);
  console.log(`bucket ${bucket} is made`);
}
