using System.Runtime.CompilerServices;
using Callwatch.Normalize.Messages;
using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Fields;

/// <summary>
/// All field rules together. A class with rules must be named here: its names then stand in the one table that spans are read with.
/// </summary>
internal static class FieldTable
{
    public static AttributeTable.Lookup Attributes { get; } = Build();

    private static AttributeTable.Lookup Build()
    {
        Type[] rules =
        [
            typeof(KindFields), typeof(NameFields), typeof(ModelFields), typeof(ParameterFields), typeof(OwnerFields), typeof(PromptFields),
            typeof(OutputFields), typeof(CallFields), typeof(CostFields), typeof(TokenFields), typeof(TokenExtras), typeof(FirstTokenFields), typeof(ErrorFields),
            typeof(ToolFields), typeof(IntakeMarks), typeof(RetrievalFields), typeof(MessageSources), typeof(Redaction), typeof(Metadata), typeof(ModelRequestFields),
        ];
        foreach (var type in rules) RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        return AttributeTable.Build();
    }
}
