using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Xunit;

namespace Callwatch.Tests.Receive.Otlp;

public sealed class ProtobufTests
{
    [Theory]
    [InlineData(0UL)]
    [InlineData(127UL)]
    [InlineData(128UL)]
    [InlineData(16_384UL)]
    [InlineData(ulong.MaxValue)]
    public void Numbers_come_back_as_they_were_written(ulong value)
    {
        using var buffer = new PayloadBuffer(budget: null, 1000);
        var writer = new ProtobufWriter(buffer);
        writer.Varint(1, value);
        writer.Fixed64(2000, value);
        writer.Fixed32(3, (uint)value);
        var reader = new ProtobufReader(buffer.Written);
        Assert.True(reader.Read());
        Assert.Equal((1, WireType.Varint, value), (reader.Field, reader.Type, reader.Number));
        Assert.True(reader.Read());
        Assert.Equal((2000, WireType.Fixed64, value), (reader.Field, reader.Type, reader.Number));
        Assert.True(reader.Read());
        Assert.Equal((3, WireType.Fixed32, (ulong)(uint)value), (reader.Field, reader.Type, reader.Number));
        Assert.False(reader.Read());
        Assert.False(reader.Malformed);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5000)]
    [InlineData(5000, 0)]
    [InlineData(100, 127)]
    [InlineData(100, 128)]
    [InlineData(20_000, 16_383)]
    public void A_message_has_its_length_however_wrong_the_guess_was(int guess, int length)
    {
        var content = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        using var buffer = new PayloadBuffer(budget: null, 1 << 20);
        var writer = new ProtobufWriter(buffer);
        writer.Varint(1, 1);
        var open = writer.Begin(2, guess);
        writer.Raw(content);
        writer.End(open);
        writer.Varint(3, 3);
        var reader = new ProtobufReader(buffer.Written);
        Assert.True(reader.Read() && reader.Read());
        Assert.Equal(content, reader.Bytes.ToArray());
        Assert.True(reader.Read());
        Assert.Equal(3UL, reader.Number);
        Assert.False(reader.Read());
        Assert.False(reader.Malformed);
    }

    [Theory]
    [InlineData("08")]
    [InlineData("0880")]
    [InlineData("08FFFFFFFFFFFFFFFFFF02")]
    [InlineData("08FFFFFFFFFFFFFFFFFFFF01")]
    [InlineData("09000000")]
    [InlineData("0D0000")]
    [InlineData("0AFFFFFFFFFFFFFFFFFF01")]
    [InlineData("0A0200")]
    [InlineData("0B0C")]
    [InlineData("00")]
    [InlineData("0E")]
    public void Stops_at_what_is_not_protobuf(string hex)
    {
        var reader = new ProtobufReader(Convert.FromHexString(hex));
        Assert.False(reader.Read());
        Assert.True(reader.Malformed);
        Assert.False(reader.Read());
    }
}
