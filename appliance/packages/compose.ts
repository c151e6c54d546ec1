import type { SealTools } from '../content/seal.js';
import type { TwoVerifiers } from '../reports/two-verifiers.js';
import { hasIsoTools, readIso, writeIso } from './iso.js';
import type { MetadataTools } from './metadata-xml.js';
import { eepEntry } from './eep.js';
import { openEnvelope, openEnvelopeSource } from './open-envelope.js';
import type { EnvelopeOpening, EnvelopeSealing, PackagePlan, PackageRecord, PackageTrust, WritePackageWish } from './port.js';
import { readPackage, readPackageFrom } from './read.js';
import { sealEnvelope, sealPackage } from './seal-envelope.js';
import type { PackageSink, PackageSource } from './store.js';
import { setFaults } from './volumes.js';
import { planVolumes, writePackage, writeVolume } from './write.js';

export interface PackageRoomParts extends SealTools, MetadataTools { readonly two: TwoVerifiers }

/** 信息包与封套, with the tools of the box put in. */
export function packageRoom(parts: PackageRoomParts) {
  const tools = { ...parts, crypto: parts.provider };
  return {
    /** How many media, and which item on which. */
    volumes: (plan: PackagePlan, wish: WritePackageWish = {}) => planVolumes(tools, plan, wish).map(({ records, ...rest }) => ({ ...rest, codes: records.map(({ row }) => row.archivalCode) })),
    writePackage: async (plan: PackagePlan, folder: string, wish?: WritePackageWish) => writePackage(tools, plan, folder, wish),
    /** Whole, on one medium, into whatever takes it. */
    writeInto: async (plan: PackagePlan, sink: PackageSink) => writeVolume(tools, plan, { folder: plan.packageNo, volume: 1, volumes: 1, records: plan.records }, sink),
    /** DA/T 48 电子文件封装包 of one item. */
    eep: (plan: PackagePlan, record: PackageRecord, path: string) => eepEntry(tools, plan, record, path),
    readPackage: async (folder: string, trust: PackageTrust) => readPackage(tools, folder, trust),
    /** Whether the volumes read are all of one package, each once. */
    setFaults,
    readPackageFrom: async (source: PackageSource, trust: PackageTrust) => readPackageFrom(tools, source, trust),
    sealEnvelope: async (folder: string, out: string, sealing: EnvelopeSealing) => sealEnvelope(tools, folder, out, sealing),
    /** Straight into envelopes: the plain form is never on the disk. */
    sealPackage: async (plan: PackagePlan, folder: string, sealing: (volume: number, volumes: number) => EnvelopeSealing, wish?: WritePackageWish) => sealPackage(tools, plan, folder, sealing, wish),
    openEnvelope: async (file: string, folder: string, opening: EnvelopeOpening) => openEnvelope(tools, file, folder, opening),
    /** Read in place, through the seal: the plain form is never on the disk. */
    openEnvelopeSource: async (file: string, opening: EnvelopeOpening) => openEnvelopeSource(tools, file, opening),
    hasIsoTools,
    writeIso: async (folder: string, image: string, volumeId: string) => writeIso(parts.provider, folder, image, volumeId),
    readIso: async (image: string, folder: string) => readIso(parts.provider, image, folder),
  };
}
export type PackageRoom = ReturnType<typeof packageRoom>;
