using Callwatch.Search.Documents;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Search;

public sealed class SearchFuzzTests
{
    [Fact]
    public async Task A_seen_file_of_any_bytes_is_read_or_nothing_counts_as_seen()
    {
        using var temp = new TempFolder();
        var (file, epoch) = (new SeenFile(temp.Path, NullLogger.Instance), Guid.NewGuid());
        var seen = new SeenMessages(most: 500);
        for (var i = 1UL; i <= 800; i++) seen.Add(i * 0x9E3779B97F4A7C15);
        file.Save(seen, new(epoch, 77));
        await Fuzz.ReadAsync(1, 2_000, [File.ReadAllBytes(temp.At("seen.bin"))], (bytes, random) =>
        {
            File.WriteAllBytes(temp.At("seen.bin"), bytes);
            var read = new SeenMessages(random.Next(2) == 0 ? 500 : SeenMessages.Most);
            if (file.Load(read, epoch) is null) Assert.Equal(0, read.Count);
            Assert.True(read.Add(ulong.MaxValue - 5) || read.Has(ulong.MaxValue - 5));
        });
    }
}
