using System.Text.Encodings.Web;
using System.Text.Json;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>JSON as platforms show it to people: text in its own script rather than in escapes. It never stands within HTML.</summary>
internal static class PlainJson
{
    public static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 };

    /// <summary>For reading what was written: bodies may be as deep as JSON is read elsewhere, and stand a few levels deeper here.</summary>
    public static readonly JsonDocumentOptions Document = new() { MaxDepth = 256 };

    public static readonly JsonReaderOptions Reader = new() { MaxDepth = 256 };

    public static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
