using System.Buffers;
using System.Text;

namespace Callwatch.Receive.Otlp;

/// <summary>Text with the replacement character wherever its bytes are not UTF-8.</summary>
internal static class TextRepair
{
    private static ReadOnlySpan<byte> Replacement => "\uFFFD"u8;

    public static void Write(ProtobufWriter writer, ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var valid = 0;
            var consumed = 0;
            while (valid < text.Length && Rune.DecodeFromUtf8(text[valid..], out _, out consumed) == OperationStatus.Done) valid += consumed;
            writer.Raw(text[..valid]);
            text = text[valid..];
            if (text.IsEmpty) return;
            writer.Raw(Replacement);
            text = text[consumed..];
        }
    }
}
