using System.Text;
using Callwatch.Media;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Media;

public sealed class MediaFuzzTests
{
    private static readonly MediaHash Hash = MediaHash.Of(new byte[32]);

    [Fact]
    public async Task Any_text_is_a_reference_that_says_what_it_says_or_none()
    {
        List<byte[]> good = [.. new[] { new MediaReference(Hash, "image/png", 12_345), new MediaReference(Hash, "audio/wav", 99_000_000, IsKept: false) }.Select(reference => Encoding.UTF8.GetBytes(reference.ToString()))];
        await Fuzz.ReadAsync(1, 50_000, good, bytes =>
        {
            if (!MediaReference.TryParse(Encoding.UTF8.GetString(bytes), out var reference)) return;
            Assert.True(reference.Bytes >= 0);
            Assert.True(MediaReference.TryParse(reference.ToString(), out var again));
            Assert.Equal(reference, again);
        });
    }

    [Fact]
    public async Task Any_name_of_a_file_is_that_of_a_piece_or_a_marker_or_passed_over()
    {
        List<byte[]> good = [Encoding.UTF8.GetBytes(Hash.ToString()), Encoding.UTF8.GetBytes(MediaNames.Marker(Hash, 7, new DateOnly(2026, 11, 22)))];
        await Fuzz.ReadAsync(2, 50_000, good, bytes =>
        {
            var name = Encoding.UTF8.GetString(bytes);
            if (!MediaNames.TryRead(name, out var hash, out var marker)) return;
            Assert.StartsWith(hash.ToString(), name, StringComparison.Ordinal);
            if (marker is null) Assert.Equal(hash.ToString(), name);
        });
    }
}
