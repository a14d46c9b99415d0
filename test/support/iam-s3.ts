import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { CACHE_DIR } from "../../local-services/local-services.ts";
import { startS3 } from "../../local-services/s3.ts";
import type { S3Address } from "../../local-services/s3.ts";
import type { ServiceProcess } from "../../local-services/service-process.ts";
import { openS3Client } from "./services.ts";

export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * An S3 of one file's own in which users have the rights of their policies and no others: actions and resources hold, but
 * the conditions of policies are not looked at.
 */
export class IamS3 implements AsyncDisposable {
  readonly bucket = "guarded";
  readonly #s3: S3Address & ServiceProcess;

  private constructor(s3: S3Address & ServiceProcess) {
    this.#s3 = s3;
  }

  /** Starts it with an empty bucket; rights hold from the first user on. */
  static async start(): Promise<IamS3> {
    const started = new IamS3(await startS3(CACHE_DIR, { trustSignatures: true }));
    const client = openS3Client(started.#s3);
    await client.send(new CreateBucketCommand({ Bucket: started.bucket }));
    client.destroy();
    return started;
  }

  get endpoint(): string {
    return this.#s3.endpoint;
  }

  get region(): string {
    return this.#s3.region;
  }

  /** A user with these rights and no others. @param policy - as IAM takes it */
  async createUser(name: string, policy: string): Promise<AccessKey> {
    await this.#checkRights(false);
    await this.#callIam({ Action: "CreateUser", UserName: name });
    await this.#callIam({
      Action: "PutUserPolicy",
      UserName: name,
      PolicyName: "rights",
      PolicyDocument: policy,
    });
    const answer = await this.#callIam({ Action: "CreateAccessKey", UserName: name });
    await this.#checkRights(true);
    const find = (element: string): string => new RegExp(`<${element}>([^<]+)<`).exec(answer)?.[1] ?? "";
    return { accessKeyId: find("AccessKeyId"), secretAccessKey: find("SecretAccessKey") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#s3.stop();
  }

  async #checkRights(isOn: boolean): Promise<void> {
    const answer = await fetch(`${this.endpoint}/moto-api/reset-auth`, {
      method: "POST",
      body: isOn ? "0" : "Infinity",
    });
    if (!answer.ok) throw new Error(`rights cannot be switched: ${answer.status}`);
  }

  async #callIam(parameters: Record<string, string>): Promise<string> {
    const answer = await fetch(this.endpoint, {
      method: "POST",
      // Not checked while rights are off; its scope is what tells the service apart.
      headers: { Authorization: "AWS4-HMAC-SHA256 Credential=x/20261120/us-east-1/iam/aws4_request" },
      body: new URLSearchParams({ ...parameters, Version: "2010-05-08" }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${parameters["Action"]} failed: ${text}`);
    return text;
  }
}
