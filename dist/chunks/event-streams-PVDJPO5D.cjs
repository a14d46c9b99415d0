const bundleUrl = require("node:url").pathToFileURL(__filename).href;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  EventStreamCodec: () => import_chunk_RPDWIDI6.EventStreamCodec,
  EventStreamMarshaller: () => import_chunk_RPDWIDI6.EventStreamMarshaller2,
  EventStreamSerde: () => import_chunk_RPDWIDI6.EventStreamSerde,
  HeaderMarshaller: () => import_chunk_RPDWIDI6.HeaderMarshaller,
  Int64: () => import_chunk_RPDWIDI6.Int64,
  MessageDecoderStream: () => import_chunk_RPDWIDI6.MessageDecoderStream,
  MessageEncoderStream: () => import_chunk_RPDWIDI6.MessageEncoderStream,
  SmithyMessageDecoderStream: () => import_chunk_RPDWIDI6.SmithyMessageDecoderStream,
  SmithyMessageEncoderStream: () => import_chunk_RPDWIDI6.SmithyMessageEncoderStream,
  UniversalEventStreamMarshaller: () => import_chunk_RPDWIDI6.EventStreamMarshaller,
  eventStreamSerdeProvider: () => import_chunk_RPDWIDI6.eventStreamSerdeProvider2,
  getChunkedStream: () => import_chunk_RPDWIDI6.getChunkedStream,
  getMessageUnmarshaller: () => import_chunk_RPDWIDI6.getMessageUnmarshaller,
  getUnmarshalledStream: () => import_chunk_RPDWIDI6.getUnmarshalledStream,
  iterableToReadableStream: () => import_chunk_RPDWIDI6.iterableToReadableStream,
  readableStreamToIterable: () => import_chunk_RPDWIDI6.readableStreamToIterable,
  resolveEventStreamSerdeConfig: () => import_chunk_RPDWIDI6.resolveEventStreamSerdeConfig,
  universalEventStreamSerdeProvider: () => import_chunk_RPDWIDI6.eventStreamSerdeProvider
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_RPDWIDI6 = require("./chunk-RPDWIDI6.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
(0, import_chunk_RPDWIDI6.init_event_streams)();
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  EventStreamCodec,
  EventStreamMarshaller,
  EventStreamSerde,
  HeaderMarshaller,
  Int64,
  MessageDecoderStream,
  MessageEncoderStream,
  SmithyMessageDecoderStream,
  SmithyMessageEncoderStream,
  UniversalEventStreamMarshaller,
  eventStreamSerdeProvider,
  getChunkedStream,
  getMessageUnmarshaller,
  getUnmarshalledStream,
  iterableToReadableStream,
  readableStreamToIterable,
  resolveEventStreamSerdeConfig,
  universalEventStreamSerdeProvider
});
