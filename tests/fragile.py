"""A workbook with one of everything that a load and save through other packages loses, part by part.

Usage: python tests/fragile.py FILE writes it, to be looked at in a spreadsheet program.
"""

from __future__ import annotations

import base64
import sys
import zipfile
from pathlib import Path

__all__ = ["FRAGILE", "write_fragile"]

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MS = "http://schemas.microsoft.com/office"
_X14 = f"{_MS}/spreadsheetml/2009/9/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)

# What each feature is seen by: a part, and a piece of it that has to be there.
FRAGILE = {
    "a cached value of a formula": ("xl/worksheets/sheet1.xml", "<f>LEN(D3)</f><v>8</v>"),
    "a shared formula": ("xl/worksheets/sheet1.xml", '<f t="shared" si="0"/><v>16</v>'),
    "a dynamic array": ("xl/worksheets/sheet1.xml", 'cm="1"><f t="array" ref="F3:F4">_xlfn.UNIQUE(B3:B4)</f>'),
    "what marks dynamic arrays": ("xl/metadata.xml", "XLDAPR"),
    "a data bar of 2010": ("xl/worksheets/sheet1.xml", '<x14:dataBar minLength="0"'),
    "a sparkline": ("xl/worksheets/sheet1.xml", "<x14:sparkline>"),
    "an image in a cell": ("xl/worksheets/sheet1.xml", 't="e" vm="1"><v>#VALUE!</v>'),
    "the data of an image in a cell": ("xl/richData/rdrichvalue.xml", "<v>0</v>"),
    "a header picture": ("xl/worksheets/sheet1.xml", "<legacyDrawingHF"),
    "a background picture": ("xl/worksheets/sheet1.xml", "<picture"),
    "a text box": ("xl/drawings/drawing1.xml", 'txBox="1"'),
    "a threaded comment": ("xl/threadedComments/threadedComment1.xml", "这句要改"),
    "its person": ("xl/persons/person.xml", "李客服"),
    "a note": ("xl/comments1.xml", "这句要改"),
    "a checkbox in a cell": ("xl/featurePropertyBag/featurePropertyBag.xml", "Checkbox"),
    "custom XML": ("customXml/item1.xml", "<owner>客服部</owner>"),
    "runs of rich text": ("xl/sharedStrings.xml", "<b/>"),
    "a pivot table": ("xl/pivotTables/pivotTable1.xml", "pivotTableDefinition"),
    "a validation": ("xl/worksheets/sheet1.xml", "<dataValidation "),
    "a conditional format": ("xl/worksheets/sheet1.xml", "<cfRule "),
    "a table": ("xl/tables/table1.xml", 'ref="A2:G5"'),
    "a frozen pane": ("xl/worksheets/sheet1.xml", 'state="frozen"'),
    "a hidden row": ("xl/worksheets/sheet1.xml", 'hidden="1" spans="1:7"'),
    "the order of calculation": ("xl/calcChain.xml", "<c "),
    "an ignored error": ("xl/worksheets/sheet1.xml", "<ignoredError "),
    "a link": ("xl/worksheets/sheet1.xml", "<hyperlink "),
}

_ROWS = (
    '<row r="1" spans="1:7"><c r="A1" s="1" t="s"><v>0</v></c></row>'
    '<row r="2" spans="1:7" s="1" customFormat="1"><c r="A2" s="1" t="s"><v>1</v></c><c r="B2" s="1" t="s"><v>2</v></c>'
    '<c r="C2" s="1" t="s"><v>3</v></c><c r="D2" s="1" t="s"><v>4</v></c><c r="E2" s="1" t="s"><v>5</v></c>'
    '<c r="F2" s="1" t="s"><v>6</v></c><c r="G2" s="1" t="s"><v>7</v></c></row>'
    '<row r="3" spans="1:7"><c r="A3"><v>1</v></c><c r="B3" t="s"><v>8</v></c><c r="C3" s="2"><v>46334</v></c>'
    '<c r="D3" t="s"><v>9</v></c><c r="E3"><f>LEN(D3)</f><v>8</v></c>'
    '<c r="F3" t="str" cm="1"><f t="array" ref="F3:F4">_xlfn.UNIQUE(B3:B4)</f><v>物流</v></c>'
    '<c r="G3" t="e" vm="1"><v>#VALUE!</v></c></row>'
    '<row r="4" hidden="1" spans="1:7"><c r="A4"><v>2</v></c><c r="B4" t="s"><v>10</v></c>'
    '<c r="C4" s="2"><v>46335</v></c>'
    '<c r="D4" s="3" t="inlineStr"><is><t>抱歉，是我们的疏忽，我帮您核实。</t></is></c>'
    '<c r="E4"><f t="shared" ref="E4:E5" si="0">LEN(D4)</f><v>16</v></c><c r="F4" t="str"><v>退款</v></c>'
    '<c r="G4" s="4" t="b"><v>1</v></c></row>'
    '<row r="5" spans="1:7"><c r="A5"><v>3</v></c><c r="B5" t="s"><v>8</v></c><c r="C5" s="2"/>'
    '<c r="D5" t="str"><f>B5&amp;"已经寄出"</f><v>物流已经寄出</v></c>'
    '<c r="E5"><f t="shared" si="0"/><v>16</v></c></row>'
    '<row r="6" spans="1:7"/>'
)
_EXTENSIONS = (
    f'<extLst><ext uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}" xmlns:x14="{_X14}"><x14:conditionalFormattings>'
    '<x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
    '<x14:cfRule type="dataBar" id="{00000000-0001-0000-0000-000000000001}"><x14:dataBar minLength="0" maxLength="100" '
    'border="1"><x14:cfvo type="autoMin"/><x14:cfvo type="autoMax"/><x14:borderColor rgb="FF638EC6"/>'
    '<x14:negativeFillColor rgb="FFFF0000"/><x14:axisColor rgb="FF000000"/></x14:dataBar></x14:cfRule>'
    "<xm:sqref>E3:E5</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext>"
    f'<ext uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}" xmlns:x14="{_X14}"><x14:sparklineGroups '
    'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:sparklineGroup><x14:colorSeries '
    'rgb="FF376092"/><x14:sparklines><x14:sparkline><xm:f>话术!E3:E5</xm:f><xm:sqref>G5</xm:sqref></x14:sparkline>'
    "</x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext></extLst>"
)
_CELLS = (
    f'<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheetPr filterMode="1"><pageSetUpPr fitToPage="1"/></sheetPr>'
    '<dimension ref="A1:G5"/><sheetViews><sheetView tabSelected="1" workbookViewId="0"><pane xSplit="1" ySplit="2" '
    'topLeftCell="B3" activePane="bottomRight" state="frozen"/><selection pane="bottomRight" activeCell="D3" '
    'sqref="D3"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
    '<cols><col min="4" max="4" width="30.5" customWidth="1"/><col min="8" max="16384" width="9" hidden="1"/></cols>'
    f"<sheetData>{_ROWS}</sheetData>"
    '<mergeCells count="1"><mergeCell ref="A1:G1"/></mergeCells>'
    '<conditionalFormatting sqref="E3:E5"><cfRule type="dataBar" priority="1"><dataBar><cfvo type="min"/>'
    '<cfvo type="max"/><color rgb="FF638EC6"/></dataBar><extLst><ext uri="{B025F937-C7B1-47D3-B67F-A62EFF666E3E}" '
    f'xmlns:x14="{_X14}"><x14:id>{{00000000-0001-0000-0000-000000000001}}</x14:id></ext></extLst></cfRule>'
    '</conditionalFormatting><dataValidations count="1"><dataValidation type="list" allowBlank="1" sqref="B3:B5">'
    '<formula1>"物流,退款"</formula1></dataValidation></dataValidations>'
    '<hyperlinks><hyperlink ref="B3" r:id="rId9"/></hyperlinks>'
    '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>'
    "<headerFooter><oddHeader>&amp;C&amp;G</oddHeader></headerFooter>"
    '<ignoredErrors><ignoredError sqref="A3:A5" numberStoredAsText="1"/></ignoredErrors>'
    '<drawing r:id="rId1"/><legacyDrawing r:id="rId2"/><legacyDrawingHF r:id="rId3"/><picture r:id="rId4"/>'
    f'<tableParts count="1"><tablePart r:id="rId5"/></tableParts>{_EXTENSIONS}</worksheet>'
)
_TEXTS = (
    "客服话术表", "编号", "分类", "日期", "回复", "字数", "种类", "图", "物流",
    None, "退款",
)  # fmt: skip
_RICH = (
    '<si><r><rPr><b/><sz val="11"/><color rgb="FFFF0000"/><rFont val="宋体"/></rPr><t>您好</t></r>'
    '<r><rPr><sz val="11"/><rFont val="宋体"/></rPr><t xml:space="preserve">，已经寄出。</t></r></si>'
)
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="宋体"/></font><font><b/><sz '
    'val="11"/><name val="宋体"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill>'
    '<patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFDDEBF7"/>'
    '</patternFill></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border>'
    '</borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0">'
    '<alignment vertical="center"/></xf>'
    '<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment wrapText="1"/></xf>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0">'
    '<extLst><ext uri="{C7286773-470A-42A8-94C5-96B5CB345126}" '
    f'xmlns:xfpb="{_MS}/spreadsheetml/2022/featurepropertybag"><xfpb:xfComplement i="0"/></ext></extLst></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="常规" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _shared() -> str:
    entries = "".join(_RICH if text is None else f"<si><t>{text}</t></si>" for text in _TEXTS)
    return f'<sst xmlns="{_MAIN}" count="13" uniqueCount="{len(_TEXTS)}">{entries}</sst>'


def _relations(*entries: tuple[str, str]) -> str:
    written = "".join(
        f'<Relationship Id="rId{n}" Type="{kind if ":" in kind else f"{_OFFICE}/{kind}"}" Target="{target}"'
        + (' TargetMode="External"/>' if "://" in target else "/>")
        for n, (kind, target) in enumerate(entries, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{written}</Relationships>'


_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel">{}</xml>'
)
_TYPES = {
    "xl/workbook.xml": f"{_SHEET}.sheet.main+xml",
    "xl/worksheets/sheet1.xml": f"{_SHEET}.worksheet+xml",
    "xl/worksheets/sheet2.xml": f"{_SHEET}.worksheet+xml",
    "xl/styles.xml": f"{_SHEET}.styles+xml",
    "xl/sharedStrings.xml": f"{_SHEET}.sharedStrings+xml",
    "xl/calcChain.xml": f"{_SHEET}.calcChain+xml",
    "xl/metadata.xml": f"{_SHEET}.sheetMetadata+xml",
    "xl/tables/table1.xml": f"{_SHEET}.table+xml",
    "xl/comments1.xml": f"{_SHEET}.comments+xml",
    "xl/pivotTables/pivotTable1.xml": f"{_SHEET}.pivotTable+xml",
    "xl/pivotCache/pivotCacheDefinition1.xml": f"{_SHEET}.pivotCacheDefinition+xml",
    "xl/threadedComments/threadedComment1.xml": "application/vnd.ms-excel.threadedcomments+xml",
    "xl/persons/person.xml": "application/vnd.ms-excel.person+xml",
    "xl/richData/rdrichvalue.xml": "application/vnd.ms-excel.rdrichvalue+xml",
    "xl/richData/rdrichvaluestructure.xml": "application/vnd.ms-excel.rdrichvaluestructure+xml",
    "xl/richData/richValueRel.xml": "application/vnd.ms-excel.richvaluerel+xml",
    "xl/featurePropertyBag/featurePropertyBag.xml": "application/vnd.ms-excel.featurepropertybag+xml",
    "xl/drawings/drawing1.xml": "application/vnd.openxmlformats-officedocument.drawing+xml",
    "customXml/itemProps1.xml": "application/vnd.openxmlformats-officedocument.customXmlProperties+xml",
}
_PARTS: dict[str, str | bytes] = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/><Default '
        'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default '
        'Extension="png" ContentType="image/png"/><Default Extension="vml" '
        'ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>'
        + "".join(f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in _TYPES.items())
        + "</Types>"
    ),
    "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml"), ("customXml", "customXml/item1.xml")),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="说明" sheetId="2" state="hidden" '
        'r:id="rId2"/><sheet name="话术" sheetId="1" r:id="rId1"/></sheets><definedNames><definedName '
        'name="分类表">话术!$B$3:$B$5</definedName></definedNames><calcPr calcId="191029"/><pivotCaches><pivotCache '
        'cacheId="1" r:id="rId6"/></pivotCaches></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": _relations(
        ("worksheet", "/xl/worksheets/sheet1.xml"),
        ("worksheet", "worksheets/sheet2.xml"),
        ("styles", "styles.xml"),
        ("sharedStrings", "sharedStrings.xml"),
        ("calcChain", "calcChain.xml"),
        ("pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"),
        ("sheetMetadata", "metadata.xml"),
        (f"{_MS}/2017/10/relationships/person", "persons/person.xml"),
        (f"{_MS}/2017/06/relationships/rdRichValue", "richData/rdrichvalue.xml"),
        (f"{_MS}/2017/06/relationships/rdRichValueStructure", "richData/rdrichvaluestructure.xml"),
        (f"{_MS}/2022/10/relationships/richValueRel", "richData/richValueRel.xml"),
        (f"{_MS}/2022/11/relationships/FeaturePropertyBag", "featurePropertyBag/featurePropertyBag.xml"),
    ),
    "xl/worksheets/sheet1.xml": _CELLS,
    "xl/worksheets/_rels/sheet1.xml.rels": _relations(
        ("drawing", "../drawings/drawing1.xml"),
        ("vmlDrawing", "../drawings/vmlDrawing1.vml"),
        ("vmlDrawing", "../drawings/vmlDrawing2.vml"),
        ("image", "../media/image1.png"),
        ("table", "../tables/table1.xml"),
        ("comments", "../comments1.xml"),
        (f"{_MS}/2017/10/relationships/threadedComment", "../threadedComments/threadedComment1.xml"),
        ("pivotTable", "../pivotTables/pivotTable1.xml"),
        ("hyperlink", "https://example.com/"),
    ),
    "xl/worksheets/sheet2.xml": (
        f'<worksheet xmlns="{_MAIN}"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>'
    ),
    "xl/styles.xml": _STYLES,
    "xl/sharedStrings.xml": _shared(),
    "xl/calcChain.xml": (
        f'<calcChain xmlns="{_MAIN}"><c r="E3" i="1"/><c r="F3" a="1"/><c r="E4"/><c r="D5"/></calcChain>'
    ),
    "xl/metadata.xml": (
        f'<metadata xmlns="{_MAIN}" xmlns:xda="{_MS}/spreadsheetml/2017/dynamicarray" '
        f'xmlns:xlrd="{_MS}/spreadsheetml/2017/richdata"><metadataTypes count="2"><metadataType name="XLDAPR" '
        'minSupportedVersion="120000" cellMeta="1"/><metadataType name="XLRICHVALUE" minSupportedVersion="120000"/>'
        '</metadataTypes><futureMetadata name="XLDAPR" count="1"><bk><extLst><ext '
        'uri="{bdbb8cdc-fa1e-496e-a857-3c3f30c029c3}"><xda:dynamicArrayProperties fDynamic="1" fCollapsed="0"/></ext>'
        '</extLst></bk></futureMetadata><futureMetadata name="XLRICHVALUE" count="1"><bk><extLst><ext '
        'uri="{3e2802c4-a4d2-4d8b-9148-e3be6c30e623}"><xlrd:rvb i="0"/></ext></extLst></bk></futureMetadata>'
        '<cellMetadata count="1"><bk><rc t="1" v="0"/></bk></cellMetadata><valueMetadata count="1"><bk><rc t="2" '
        'v="0"/></bk></valueMetadata></metadata>'
    ),
    "xl/richData/rdrichvalue.xml": (
        f'<rvData xmlns="{_MS}/spreadsheetml/2017/richdata" count="1"><rv s="0"><v>0</v><v>5</v></rv></rvData>'
    ),
    "xl/richData/rdrichvaluestructure.xml": (
        f'<rvStructures xmlns="{_MS}/spreadsheetml/2017/richdata" count="1"><s t="_localImage"><k '
        'n="_rvRel:LocalImageIdentifier" t="i"/><k n="CalcOrigin" t="i"/></s></rvStructures>'
    ),
    "xl/richData/richValueRel.xml": (
        f'<richValueRels xmlns="{_MS}/spreadsheetml/2022/richvaluerel" xmlns:r="{_OFFICE}"><rel r:id="rId1"/>'
        "</richValueRels>"
    ),
    "xl/richData/_rels/richValueRel.xml.rels": _relations(("image", "../media/image1.png")),
    "xl/featurePropertyBag/featurePropertyBag.xml": (
        f'<FeaturePropertyBags xmlns="{_MS}/spreadsheetml/2022/featurepropertybag"><bag type="Checkbox"/><bag '
        'type="XFControls"><bagId k="CellControl">0</bagId></bag>'
        '<bag type="XFComplement"><bagId k="XFControls">1</bagId>'
        '</bag><bag type="XFComplements" extRef="XFComplementsMapperExtRef"><a k="MappedFeaturePropertyBags"><bagId>2'
        "</bagId></a></bag></FeaturePropertyBags>"
    ),
    "xl/persons/person.xml": (
        f'<personList xmlns="{_MS}/spreadsheetml/2018/threadedcomments"><person displayName="李客服" '
        'id="{11111111-2222-3333-4444-555555555555}" userId="li" providerId="None"/></personList>'
    ),
    "xl/threadedComments/threadedComment1.xml": (
        f'<ThreadedComments xmlns="{_MS}/spreadsheetml/2018/threadedcomments"><threadedComment ref="D3" '
        'dT="2026-11-08T08:00:00.00" personId="{11111111-2222-3333-4444-555555555555}" '
        'id="{66666666-7777-8888-9999-000000000000}"><text>这句要改</text></threadedComment></ThreadedComments>'
    ),
    "xl/comments1.xml": (
        f'<comments xmlns="{_MAIN}"><authors><author>tc={{66666666-7777-8888-9999-000000000000}}</author></authors>'
        '<commentList><comment ref="D3" authorId="0" shapeId="0"><text><t>这句要改</t></text></comment></commentList>'
        "</comments>"
    ),
    "xl/drawings/vmlDrawing1.vml": _VML.format(
        '<v:shape id="_x0000_s1025" type="#_x0000_t202" style="visibility:hidden"><x:ClientData ObjectType="Note">'
        "<x:Row>2</x:Row><x:Column>3</x:Column></x:ClientData></v:shape>"
    ),
    "xl/drawings/vmlDrawing2.vml": _VML.format(
        '<v:shape id="CH" type="#_x0000_t75" style="width:1pt;height:1pt"><v:imagedata o:relid="rId1" o:title="x"/>'
        "</v:shape>"
    ),
    "xl/drawings/_rels/vmlDrawing2.vml.rels": _relations(("image", "../media/image1.png")),
    "xl/drawings/drawing1.xml": (
        f'<xdr:wsDr xmlns:xdr="{_DRAWING}/spreadsheetDrawing" xmlns:a="{_DRAWING}/main"><xdr:oneCellAnchor><xdr:from>'
        "<xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>7</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>"
        '<xdr:ext cx="1500000" cy="400000"/><xdr:sp macro="" textlink=""><xdr:nvSpPr><xdr:cNvPr id="2" name="文本框"/>'
        '<xdr:cNvSpPr txBox="1"/></xdr:nvSpPr><xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1500000" cy="400000"/>'
        '</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr><xdr:txBody><a:bodyPr/><a:p><a:r><a:t>'
        "发布前请审核</a:t></a:r></a:p></xdr:txBody></xdr:sp><xdr:clientData/></xdr:oneCellAnchor></xdr:wsDr>"
    ),
    "xl/media/image1.png": _PNG,
    "xl/tables/table1.xml": (
        f'<table xmlns="{_MAIN}" id="1" name="话术表" displayName="话术表" ref="A2:G5" totalsRowShown="0"><autoFilter '
        'ref="A2:G5"><filterColumn colId="1"><filters><filter val="物流"/></filters></filterColumn></autoFilter>'
        '<tableColumns count="7">'
        + "".join(f'<tableColumn id="{n}" name="{_TEXTS[n]}"/>' for n in range(1, 8))
        + '</tableColumns><tableStyleInfo name="TableStyleMedium2" showRowStripes="1"/></table>'
    ),
    "xl/pivotCache/pivotCacheDefinition1.xml": (
        f'<pivotCacheDefinition xmlns="{_MAIN}" saveData="0" refreshOnLoad="1"><cacheSource type="worksheet">'
        '<worksheetSource ref="A2:B5" sheet="话术"/></cacheSource><cacheFields count="2"><cacheField name="编号" '
        'numFmtId="0"><sharedItems/></cacheField><cacheField name="分类" numFmtId="0"><sharedItems/></cacheField>'
        "</cacheFields></pivotCacheDefinition>"
    ),
    "xl/pivotTables/pivotTable1.xml": (
        f'<pivotTableDefinition xmlns="{_MAIN}" name="透视表" cacheId="1" dataCaption="值"><location ref="B12:C13" '
        'firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/><pivotFields count="2"><pivotField dataField="1" '
        'showAll="0"/><pivotField showAll="0"/></pivotFields></pivotTableDefinition>'
    ),
    "xl/pivotTables/_rels/pivotTable1.xml.rels": _relations(
        ("pivotCacheDefinition", "../pivotCache/pivotCacheDefinition1.xml")
    ),
    "customXml/item1.xml": "<replies><owner>客服部</owner></replies>",
    "customXml/_rels/item1.xml.rels": _relations(("customXmlProps", "itemProps1.xml")),
    "customXml/itemProps1.xml": (
        '<ds:datastoreItem ds:itemID="{AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE}" '
        f'xmlns:ds="{_OFFICE.rpartition("/")[0]}/customXml"/>'
    ),
}


def write_fragile(path: Path) -> None:
    """Write the workbook; its parts are stored in several ways, as those of different programs are."""
    with zipfile.ZipFile(path, "w") as file:
        for number, (name, content) in enumerate(_PARTS.items()):
            entry = zipfile.ZipInfo(name, (2026, 11, 8, 8, number % 60, 0))
            entry.compress_type = zipfile.ZIP_STORED if number % 3 == 2 else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            data = content if isinstance(content, bytes) else (_DECLARATION + content).encode()
            file.writestr(entry, data, compresslevel=1 + number % 9)
        file.comment = "客服".encode()


if __name__ == "__main__":
    write_fragile(Path(sys.argv[1]))
