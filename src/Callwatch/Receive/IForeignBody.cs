using Callwatch.Receive.Bodies;

namespace Callwatch.Receive;

/// <summary>A JSON body in a format other than OTLP that is made into OTLP at the door, and goes on like any other.</summary>
public interface IForeignBody
{
    /// <summary>How many items of it were not taken; known once it has been written.</summary>
    int RefusedItems { get; }

    /// <summary>Writes an ExportTraceServiceRequest of what can be taken; the words of what is wrong with the body as a whole, else null.</summary>
    string? Write(ReadOnlySpan<byte> body, PayloadBuffer into);
}
