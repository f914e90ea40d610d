using System.Text;
using Callwatch.Media;
using Callwatch.Tests.Receive.MediaParts;
using Xunit;

namespace Callwatch.Tests.Media;

public sealed class MediaTypesTests
{
    [Theory]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")]
    [InlineData("<!doctype html><script>alert(1)</script>")]
    [InlineData("<?xml version='1.0'?><svg/>")]
    [InlineData("GIF8<script>")]
    [InlineData("%PDF")]
    [InlineData("BM and more")]
    [InlineData("")]
    [InlineData("RIFF1234AVI ")]
    public void What_is_not_on_the_list_is_only_for_saving(string start) =>
        Assert.Equal(new ServedType(MediaTypes.Unknown, ".bin", IsShown: false), MediaTypes.Served(Encoding.ASCII.GetBytes(start)));

    [Fact]
    public void A_pdf_is_given_to_save() => Assert.Equal(("application/pdf", false), (MediaTypes.Served("%PDF-1.7"u8).Type, MediaTypes.Served("%PDF-1.7"u8).IsShown));

    [Fact]
    public void Pictures_and_sound_are_shown() =>
        Assert.Equal(("image/png", "audio/wav", "audio/mpeg"), (MediaTypes.Served(TakenOut.Png(16)).Type, MediaTypes.Served("RIFF1234WAVEfmt "u8).Type, MediaTypes.Served([0xFF, 0xFB, 0x90, 0x00]).Type));

    [Theory]
    [InlineData("image/png", "image/png")]
    [InlineData(" Image/PNG ; q=1", "image/png")]
    [InlineData("image/svg+xml", "image/svg+xml")]
    [InlineData("image", null)]
    [InlineData("image/", null)]
    [InlineData("/png", null)]
    [InlineData("im age/png", null)]
    [InlineData("image/p\"ng", null)]
    [InlineData("text/html\\", null)]
    public void A_declared_type_is_kept_only_when_it_is_one(string declared, string? type) => Assert.Equal(type, MediaTypes.Clean(declared));

    [Theory]
    [InlineData("")]
    [InlineData("callwatch-media:")]
    [InlineData("callwatch-media:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("callwatch-media:0000000000000000000000000000000000000000000000000000000000000000;type=image/png")]
    [InlineData("callwatch-media:0000000000000000000000000000000000000000000000000000000000000000;type=image/png;bytes=")]
    [InlineData("callwatch-media:0000000000000000000000000000000000000000000000000000000000000000;type=image/png;bytes=-1")]
    [InlineData("callwatch-media:0000000000000000000000000000000000000000000000000000000000000000;bytes=1;type=image/png")]
    [InlineData("callwatch-media:../000000000000000000000000000000000000000000000000000000000000;type=image/png;bytes=1")]
    [InlineData("see callwatch-media:0000000000000000000000000000000000000000000000000000000000000000;type=image/png;bytes=1")]
    public void What_only_resembles_a_reference_is_none(string text) => Assert.False(MediaReference.TryParse(text, out _));

    [Fact]
    public void A_reference_reads_back_as_it_was_written()
    {
        foreach (var kept in new[] { true, false })
        {
            var reference = new MediaReference(MediaHash.Of(new byte[32]), "image/svg+xml", 123_456_789_012, kept);
            Assert.True(MediaReference.TryParse(reference.ToString(), out var read));
            Assert.Equal(reference, read);
        }
    }
}
