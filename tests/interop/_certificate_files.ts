import { type Certificate, makeCertificate } from "../support/certificate.ts";
import type { Files } from "./_peers.ts";

/** A certificate for this machine, where other programs can read it. */
export class CertificateFiles implements Files, AsyncDisposable {
  readonly #folder: string;
  readonly certificate: Certificate;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;

  private constructor(folder: string, certificate: Certificate) {
    this.#folder = folder;
    this.certificate = certificate;
    [this.cert, this.key, this.ca] = ["cert", "key", "ca"].map((name) => `${folder}/${name}.pem`);
  }

  /** Makes and writes it. */
  static async write(): Promise<CertificateFiles> {
    const certificate = await makeCertificate({ hostnames: ["localhost", "127.0.0.1"] });
    const files = new CertificateFiles(await Deno.makeTempDir({ prefix: "certificate" }), certificate);
    await Promise.all(
      (["cert", "key", "ca"] as const).map((name) => Deno.writeTextFile(files[name], certificate[name])),
    );
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}
