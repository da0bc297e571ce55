// A consumer in Java that knows nothing of iochub but its .proto files.
//
// usage: Consume BOOTSTRAP DESCRIPTOR-SET
//
// Reads every topic `ioc.*` from its beginning to its present end, decodes each value by the type that its header
// names, and prints one line of JSON for each: topic, type, id, message. Exit 1 when one cannot be decoded.

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.util.JsonFormat;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class Consume {
  private final Map<String, Descriptor> types = new HashMap<>();
  private final JsonFormat.Printer printer = JsonFormat.printer().omittingInsignificantWhitespace();
  private final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);

  Consume(Path descriptors) throws Exception {
    // The imports of a file stand before it.
    Map<String, FileDescriptor> files = new HashMap<>();
    for (FileDescriptorProto proto : FileDescriptorSet.parseFrom(Files.readAllBytes(descriptors)).getFileList()) {
      List<FileDescriptor> imports = new ArrayList<>();
      for (String name : proto.getDependencyList()) imports.add(files.get(name));
      FileDescriptor file = FileDescriptor.buildFrom(proto, imports.toArray(new FileDescriptor[0]));
      files.put(proto.getName(), file);
      for (Descriptor type : file.getMessageTypes()) types.put(type.getFullName(), type);
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }

  private void print(ConsumerRecord<byte[], byte[]> record) throws Exception {
    String type = header(record, "ce_type");
    Descriptor descriptor = types.get(type);
    if (descriptor == null) throw new Exception("no .proto file has the type " + type);
    DynamicMessage message = DynamicMessage.parseFrom(descriptor, record.value());
    if (!message.getUnknownFields().asMap().isEmpty()) throw new Exception(type + " has fields that its .proto has not");
    out.printf("{\"topic\":\"%s\",\"type\":\"%s\",\"id\":\"%s\",\"message\":%s}\n", record.topic(), type,
        header(record, "ce_id"), printer.print(message));
  }

  private void read(String bootstrap) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false);
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      List<TopicPartition> partitions = new ArrayList<>();
      consumer.listTopics().forEach((topic, infos) -> {
        if (topic.startsWith("ioc.")) infos.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
      });
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
          if (record.value() != null) print(record);
        }
      }
    }
    out.flush();
  }

  public static void main(String[] arguments) throws Exception {
    new Consume(Path.of(arguments[1])).read(arguments[0]);
  }
}
